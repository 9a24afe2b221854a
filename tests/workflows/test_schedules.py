"""Each sweep says when it ran and runs next, or why it will not run."""

from activities.schedules import ensure_schedules, plan, schedule_views
from tests.scenarios.live import LiveWorld


async def test_a_sweep_that_is_missing_or_paused_says_so_and_the_others_run_next(
    live: LiveWorld,
) -> None:
    office = live.office
    missing = await schedule_views(office)
    assert {view.trouble for view in missing} == {"does not exist"}

    count = await ensure_schedules(office)
    paused, *others = [schedule_id for schedule_id, _, _ in plan(office)]
    await office.temporal.get_schedule_handle(paused).pause()
    seen = {view.schedule_id: view for view in await schedule_views(office)}

    assert len(seen) == count
    assert (seen[paused].trouble, seen[paused].next) == ("is paused", None)
    assert {seen[one].trouble for one in others} == {""}
    assert all(seen[one].next is not None for one in others)
    assert all(view.last is None for view in seen.values())
