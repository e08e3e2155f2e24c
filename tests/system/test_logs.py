# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was said while a release was made is kept when the deployment has ended, whichever way."""

import pytest

import daemon
import repository as repositories
from deployd import Deployd, Held, app_path, deployment_path, repository_path

DIRECTORY = "/var/lib/deployd/logs"
KEEP = 3
CONFIGURATION = f"[runner]\nkeep-logs = {KEEP}\nlog-rate = 1M\n"


@pytest.fixture(scope="module")
def deployd(boot):
    machine = boot(files={daemon.CONFIGURATION: CONFIGURATION})
    repositories.serve(machine)
    return Deployd(machine)


def log(deployd, number):
    """The log, once it is archived."""
    path = deployment_path(number)
    deployd.machine.wait(lambda: deployd.machine.get(path, "Deployment.LogsPath"), what=f"the log of {number}")
    return build_log(deployd, number)


def build_log(deployd, which):
    return deployd.machine.run(["deployctl", "build-log", which]).stdout


def directory(deployd, app):
    identity = deployd.sql(f"select id from app where name = '{app}'")[0]
    return f"{DIRECTORY}/{identity}"


def test_the_log_of_a_live_deployment(deployd):
    deployd.app("shop")
    live = deployd.live("shop")
    text = log(deployd, live["Id"])
    path = deployd.machine.get(deployment_path(live["Id"]), "Deployment.LogsPath")
    assert path == f"{directory(deployd, 'shop')}/{live['Id']}.zst"
    assert deployd.describe(live["Id"])["LogsPath"] == path
    assert f"fetch: The tree of commit {live['Revision']} has " in text
    assert f"deployd: Deployment {live['Id']} of shop is live: requests go to it\n" in text
    assert "python 1 on" not in text, "the app's own lines are in the journal only"
    assert deployd.machine.sh(f"stat --format='%U:%G %a' {path}") == "root:adm 640"
    assert deployd.machine.run(["zstd", "-dcq", path]).stdout == text


def test_the_log_of_a_failed_fetch_has_the_reason(deployd):
    deployd.app("lost")
    deployd.machine.call(repository_path("lost"), "Repository.SetGitUrl", "s", f"{repositories.DIRECTORY}/none.git")
    failed = deployd.end(deployd.deploy("lost"))
    assert failed["Status"] == "failed"
    reason = failed["ErrorSummary"].removeprefix("fetch: ")
    lines = log(deployd, failed["Id"]).splitlines()
    assert any(line.endswith(f" fetch: {reason}") for line in lines)
    assert lines[-1].endswith(f" deployd: Deployment {failed['Id']} of lost failed: {failed['ErrorSummary']}")


def test_the_log_of_a_cancelled_deployment(deployd):
    deployd.app("halted")
    with Held(deployd.machine, "import") as held:
        number = deployd.deploy("halted")
        held.unit("halted-*")
        deployd.machine.call(deployment_path(number), "Deployment.Cancel")
    assert f"Deployment {number} of halted is cancelled" in log(deployd, number)


def test_there_is_none_before_the_end(deployd):
    deployd.app("early")
    with Held(deployd.machine, "import") as held:
        number = deployd.deploy("early")
        held.unit("early-*")
        error, sentence = daemon.refused(deployd.machine, deployment_path(number), "Deployment.OpenLog")
        assert error == "org.freedesktop.DBus.Error.FileNotFound"
        assert sentence == f"deployment {number} has no archived log yet"
        # What there is so far is in the journal.
        text = build_log(deployd, "early")
        assert text == build_log(deployd, number) and "fetch: The tree of commit " in text and "is live" not in text
        held.release()
        deployd.end(number)
        # At once, also while the log is being archived.
        assert "is live" in build_log(deployd, number)
    assert "is live" in log(deployd, number)


def test_only_the_newest_are_kept_and_those_of_redeployments_not_made(deployd):
    repository = deployd.app("often")
    numbers = []
    for version in range(KEEP + 2):
        repository.commit(repositories.sample("python", str(version)))
        numbers.append(deployd.live("often")["Id"])
        log(deployd, numbers[-1])
    again = deployd.do("often", "Redeploy")[0]
    deployd.end(again)
    kept = deployd.machine.sh(f"ls {directory(deployd, 'often')}").split()
    assert sorted(kept) == sorted(f"{number}.zst" for number in numbers[-KEEP:])
    _, sentence = daemon.refused(deployd.machine, deployment_path(again), "Deployment.OpenLog")
    assert sentence == f"the log is that of deployment {numbers[-1]}, whose release deployment {again} runs"
    assert build_log(deployd, again) == build_log(deployd, "often") == build_log(deployd, numbers[-1])
    # Those that are not kept are in the journal still.
    assert f"Deployment {numbers[0]} of often is live" in build_log(deployd, numbers[0])


def test_the_log_is_written_after_the_daemon_was_killed(deployd):
    deployd.app("killed")
    with Held(deployd.machine, "archive") as held:
        number = deployd.deploy("killed")
        held.unit("killed-*")
        _, sentence = daemon.refused(deployd.machine, deployment_path(number), "Deployment.OpenLog")
        assert sentence == f"deployment {number} has no archived log yet"
        daemon.kill(deployd.machine)
        held.release()
        text = log(deployd, number)
    assert f"Deployment {number} of killed is live" in text


def test_a_failure_of_any_age_has_its_log(deployd):
    """Ended deployments without a release have no object after ten minutes, and after a start of deployd."""
    repository = deployd.app("old")
    repository.commit({"Procfile": "web: exec python3 -m http.server $PORT\nrelease: echo no apples left; exit 3\n"})
    failed = deployd.end(deployd.deploy("old"))
    text = log(deployd, failed["Id"])
    assert "release: no apples left" in text
    deployd.sql(f"update deployment set finished_at = finished_at - interval '1 hour' where id = {failed['Id']}")
    deployd.machine.systemctl("restart", "deployd")
    deployd.listen()
    error, _ = daemon.refused(deployd.machine, "/org/deployd/Deploy1", "Manager.GetDeployment", "t", str(failed["Id"]))
    assert error == "org.deployd.Deploy1.Error.NoSuchDeployment"
    assert build_log(deployd, failed["Id"]) == build_log(deployd, "old") == text


FLOOD = """web: python3 -c 'for i in range(30000): print(i, "x" * 990)'; echo no apples left >&2; exit 3\n"""


def test_a_flood_of_output_loses_neither_the_reason_nor_the_lines_of_others(deployd):
    """30 MB at once, of which log-rate lets 1 MiB pass, and the end."""
    deployd.machine.sh("echo canary | systemd-cat -t canary")
    deployd.app("flood", {"Procfile": FLOOD})
    failed = deployd.end(deployd.deploy("flood"))
    assert failed["Status"] == "failed" and failed["ErrorSummary"].endswith(": no apples left")
    deployd.machine.run(["journalctl", "--sync"])
    lines = deployd.machine.run(["deployctl", "logs", "flood", "-n", "100000", "--raw"]).stdout.splitlines()
    numbers = [int(line.split()[0]) for line in lines if line.endswith("x")]
    assert numbers[0] == 0 and numbers[-1] == 29999
    gap = f"({30000 - len(numbers)} lines are missing here: log-rate of [runner] in deploy.conf is reached)"
    # A line counts as its text and 400 bytes; of the end there are 64 KiB.
    assert gap in lines and 750 < len(numbers) < 850
    assert deployd.machine.sh("journalctl --quiet -t canary --output=cat") == "canary"


def test_readers_at_once_have_each_the_whole_of_it(deployd):
    deployd.app("read")
    number = deployd.live("read")["Id"]
    text = log(deployd, number)
    all_three = deployd.machine.sh(f"for i in 1 2 3; do deployctl build-log {number} >/tmp/$i & done; wait;"
                                   "cat /tmp/1 /tmp/2 /tmp/3")
    assert all_three == (text * 3).strip()


def test_the_logs_go_with_the_app(deployd):
    deployd.app("gone")
    log(deployd, deployd.live("gone")["Id"])
    where = directory(deployd, "gone")
    deployd.machine.call(app_path("gone"), "App.Remove", "b", "true")
    deployd.machine.wait(lambda: deployd.machine.run(["test", "-e", where], check=False).returncode,
                         what=f"{where} being gone")
    # What it wrote is in the journal still.
    assert deployd.machine.run(["deployctl", "logs", "gone"]).stdout


def test_an_app_that_never_was_is_said(deployd):
    done = deployd.machine.run(["deployctl", "logs", "--follow", "never"], check=False, merge=True)
    assert (done.returncode, done.stdout) == (
        1, "deployctl: there is no app never, and no such lines of one that was: see 'deployctl app list'\n")
    # Nothing of it is asked of deployd if it does not run.
    deployd.machine.systemctl("stop", "deployd")
    done = deployd.machine.run(["deployctl", "logs", "never"], check=False, merge=True)
    assert (done.returncode, done.stdout) == (0, "deployctl: the journal has no such lines of app never\n")
    assert daemon.state(deployd.machine, "ActiveState") == "inactive"
    deployd.machine.systemctl("start", "deployd")
    deployd.listen()
