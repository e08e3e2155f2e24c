# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each verb: what it asks of deployd, what it prints, what it ends with."""

import json

import pytest

from mock import Failure, path


def test_repo_add_gives_name_url_and_branch(mock, deployctl):
    result = deployctl("repo", "add", "code", "https://git.example/code.git", "--branch", "main")
    assert (result.status, result.err) == (0, "")
    assert mock.wait_call("CreateRepository")[1:] == ("code", "https://git.example/code.git", "main", {})


def test_repo_add_without_branch_follows_head(mock, deployctl):
    assert deployctl("repo", "add", "code", "/srv/code").status == 0
    assert mock.wait_call("CreateRepository")[1:] == ("code", "/srv/code", "", {})


def test_repo_list_shows_what_is_there(mock, deployctl):
    mock.repository("code", DefaultBranch="main")
    mock.repository("tools")
    lines = deployctl("repo", "list").out.splitlines()
    assert lines[0].split() == ["NAME", "URL", "BRANCH"]
    assert lines[1].split() == ["code", "https://git.example/code.git", "main"]
    assert lines[2].split() == ["tools", "https://git.example/tools.git"]
    assert len(lines) == 3


def test_repo_show_shows_every_property(mock, deployctl):
    mock.repository("code", HeadRevision="1f0c" * 10, Apps=[path("App", "my-app"), path("App", "shop")])
    out = deployctl("repo", "show", "code").out
    assert "https://git.example/code.git" in out
    assert "1f0c1f0c1f0c\n" in out
    assert "my-app" in out and "shop" in out
    shown = deployctl("repo", "show", "code", "--json").json["repository"][0]
    assert shown["head"] == "1f0c" * 10
    assert shown["apps"] == ["my-app", "shop"]
    assert shown["fetched"] == 0


def test_a_flag_is_a_word_and_a_boolean_in_json(mock, deployctl):
    for flag, word in (False, "no"), (True, "yes"):
        mock.repository("code", HasCredential=flag)
        assert deployctl("repo", "show", "code").out.split("Credential:")[1].split()[0] == word
        assert deployctl("repo", "show", "code", "--json").json["repository"][0]["credential"] is flag


def test_repo_fetch_remove_and_set_call_the_repository(mock, deployctl):
    where = mock.repository("my-code")
    assert deployctl("repo", "fetch", "my-code").status == 0
    assert mock.wait_call("Fetch") == (where,)
    assert deployctl("repo", "set", "my-code", "url=https://x.example/y=z.git", "branch=", "submodules=yes").status == 0
    assert mock.wait_call("SetGitUrl") == (where, "https://x.example/y=z.git")
    assert mock.wait_call("SetDefaultBranch") == (where, "")
    assert mock.wait_call("SetSubmodules") == (where, "yes")
    assert deployctl("repo", "remove", "my-code").status == 0
    assert mock.wait_call("Remove") == (where,)


def test_app_create_gives_settings_in_the_units_of_the_bus(mock, deployctl):
    mock.repository("code")
    result = deployctl("app", "create", "shop", "code", "branch=dev", "directory=web", "stop-timeout=1min 30s",
                       "memory-max=512M", "tasks-max=64", "cpu-quota=150%", "access-mode=internal")
    assert (result.status, result.err) == (0, "")
    assert mock.wait_call("CreateApp")[1:] == ("shop", "code", {
        "Branch": "dev", "Directory": "web", "StopTimeoutUSec": 90 * 1000000, "MemoryMax": 512 * 1024 * 1024,
        "TasksMax": 64, "CPUQuotaPerSecUSec": 1500000, "AccessMode": "internal"})


@pytest.mark.parametrize("setting,name,value", [
    ("stop-timeout=30", "StopTimeoutUSec", 30 * 1000000),
    ("stop-timeout=2h", "StopTimeoutUSec", 7200 * 1000000),
    ("stop-timeout=250ms", "StopTimeoutUSec", 250 * 1000),
    ("stop-timeout=2w", "StopTimeoutUSec", 14 * 86400 * 1000000),
    ("stop-timeout=1.5s", "StopTimeoutUSec", 1500000),
    ("stop-timeout=default", "StopTimeoutUSec", 0),
    ("memory-max=1.5G", "MemoryMax", 3 * 512 * 1024 * 1024),
    ("memory-max=256M", "MemoryMax", 256 * 1024 * 1024),
    ("memory-max=256MB", "MemoryMax", 256 * 1024 * 1024),
    ("memory-max=256MiB", "MemoryMax", 256 * 1024 * 1024),
    ("memory-max=1000000", "MemoryMax", 1000000),
    ("cpu-quota=7%", "CPUQuotaPerSecUSec", 70000),
    ("keep-releases=3", "KeepReleases", 3),
    ("keep-releases=default", "KeepReleases", 0),
    ("health-check-timeout=1min", "HealthCheckTimeoutUSec", 60 * 1000000),
    ("health-check-timeout=default", "HealthCheckTimeoutUSec", 0),
    ("check-settle=10s", "CheckSettleUSec", 10 * 1000000),
    ("check-settle=default", "CheckSettleUSec", 0),
    ("health-check-path=/up?a=b", "HealthCheckPath", "/up?a=b"),
    ("health-check-path=", "HealthCheckPath", ""),
    ("readiness=notify", "Readiness", "notify"),
    ("writable-tree=yes", "WritableTree", "yes"),
    ("persist=data,public/uploads", "Persist", "data,public/uploads"),
    ("persist=", "Persist", ""),
    ("buildpack=none", "Buildpack", "none"),
    ("build-command=make A=1 && echo 'é'", "BuildCommand", "make A=1 && echo 'é'"),
])
def test_app_set_reads_human_units(mock, deployctl, setting, name, value):
    where = mock.app("shop")
    assert deployctl("app", "set", "shop", setting).status == 0
    assert mock.wait_call("SetProperties") == (where, {name: value})


def test_scale_changes_what_is_named_and_leaves_the_rest(mock, deployctl):
    where = mock.app("shop", Formation={"web": 1, "worker": 2})
    assert deployctl("scale", "shop").out.split() == ["PROCESS", "COUNT", "web", "1", "worker", "2"]
    assert deployctl("scale", "shop", "--json").json["formation"] == [
        {"process": "web", "count": 1}, {"process": "worker", "count": 2}]
    assert deployctl("scale", "shop", "web=3", "clock=1").status == 0
    assert mock.wait_call("SetProperties") == (where, {"Formation": {"web": 3, "worker": 2, "clock": 1}})


def test_scale_takes_a_formation_back(mock, deployctl):
    where = mock.app("shop", Formation={"web": 3})
    assert deployctl("scale", "shop", "default").status == 0
    assert mock.wait_call("SetProperties") == (where, {"Formation": {}})


def test_the_formation_of_a_stopped_app_waits_for_its_start(mock, deployctl):
    mock.app("shop", Status="stopped", Formation={"web": 1})
    line = "shop is stopped: it takes effect when it starts"
    assert line in deployctl("scale", "shop", "web=3").out.splitlines()
    assert line in deployctl("scale", "shop", "default").out.splitlines()
    assert line not in deployctl("scale", "shop").out.splitlines()


def test_app_list_and_status_show_the_apps(mock, deployctl):
    mock.app("shop", Status="running", CurrentPort=20007)
    mock.app("my-app", Status="running", CurrentPort=20008, Port=30001, AccessMode="public")
    lines = deployctl("app", "list").out.splitlines()
    assert lines[1].split() == ["shop", "running", "-", "20007"]
    assert lines[2].split() == ["my-app", "public", "running", "30001", "20008"]
    shown = deployctl("app", "list", "--json").json["apps"]
    assert [(a["name"], a["port"], a["current_port"]) for a in shown] == [("shop", 0, 20007), ("my-app", 30001, 20008)]
    out = deployctl("status").out
    assert "0.1.0" in out and "connected" in out and "20000-29999" in out
    assert "my-app  public" in " ".join(out.split()).replace("my-app public", "my-app  public")
    status = deployctl("status", "--json").json["status"][0]
    assert (status["version"], status["schema_version"], status["database_state"]) == ("0.1.0", 1, "connected")


def test_app_show_is_human_and_json_is_exact(mock, deployctl):
    mock.app("my-app", Port=30001, Url="http://machine:30001", AccessMode="public", MemoryMax=512 * 1024 * 1024, StopTimeoutUSec=90 * 1000000, CPUQuotaPerSecUSec=1500000,
             CurrentDeployment=path("Deployment", 42), Deployments=[path("Deployment", 42)])
    fields = dict(line.split(":", 1) for line in deployctl("app", "show", "my-app").out.splitlines() if ":" in line)
    fields = {key: value.strip() for key, value in fields.items()}
    assert (fields["Memory limit"], fields["Stop timeout"], fields["CPU limit"]) == ("512M", "1min 30s", "150%")
    assert (fields["Tasks limit"], fields["Current deployment"], fields["Repository"]) == ("default", "42", "code")
    assert (fields["Port"], fields["URL"], fields["Access"]) == ("30001", "http://machine:30001", "public")
    assert "Domains" not in fields  # not published by this deployd
    shown = deployctl("app", "show", "my-app", "--json").json["app"][0]
    assert (shown["memory_max"], shown["stop_timeout"], shown["cpu_quota"]) == (536870912, 90000000, 1500000)
    assert (shown["current_deployment"], shown["deployments"]) == ("42", ["42"])


def test_app_show_has_builds_processes_and_health(mock, deployctl):
    mock.app("shop", Formation={"web": 2, "worker": 0}, Buildpack="node", BuildCommand="make", Readiness="notify",
             HealthCheckPath="/up", HealthCheckTimeoutUSec=90 * 1000000, CheckSettleUSec=10 * 1000000)
    out = deployctl("app", "show", "shop").out
    fields = {key: value.strip() for key, value in (line.split(":", 1) for line in out.splitlines() if ":" in line)}
    assert (fields["Buildpack"], fields["Build command"], fields["Readiness"]) == ("node", "make", "notify")
    assert (fields["Health check"], fields["Health check timeout"]) == ("/up", "1min 30s")
    assert fields["Check settle"] == "10s"
    assert fields["Formation"] == "web=2" and "worker=0" in out.split()
    shown = deployctl("app", "show", "shop", "--json").json["app"][0]
    assert (shown["buildpack"], shown["readiness"], shown["health_check_timeout"]) == ("node", "notify", 90000000)
    assert shown["check_settle"] == 10000000
    assert shown["formation"] == ["web=2", "worker=0"]


def test_a_list_without_items_is_empty_in_json(mock, deployctl):
    mock.app("shop")
    assert deployctl("app", "show", "shop", "--json").json["app"][0]["deployments"] == []


def test_settings_of_a_stopped_app_wait_for_its_start(mock, deployctl):
    mock.app("shop", Status="stopped")
    mock.app("mail", Status="running")
    assert deployctl("app", "set", "shop", "branch=dev").out == (
        "settings of app shop changed\nshop is stopped: they take effect when it starts\n")
    assert deployctl("app", "set", "mail", "branch=dev").out == "settings of app mail changed\n"


def test_app_show_has_what_is_staged_and_kept(mock, deployctl):
    mock.app("shop", EnvironmentStaged=["A", "B"], DataPath="/var/lib/private/deployd-apps/7", Releases=3)
    out = deployctl("app", "show", "shop").out
    fields = {key: value.strip() for key, value in (line.split(":", 1) for line in out.splitlines() if ":" in line)}
    assert (fields["Releases"], fields["Staged"], fields["Data"]) == ("3", "A", "/var/lib/private/deployd-apps/7")
    shown = deployctl("app", "show", "shop", "--json").json["app"][0]
    assert (shown["releases"], shown["environment_staged"]) == (3, ["A", "B"])


def test_status_begins_with_what_needs_attention(mock, deployctl):
    mock.app("shop")
    assert "ttention" not in deployctl("status").out
    assert deployctl("status", "--json").json["status"][0]["attention"] is None
    mock.manager["Attention"] = "the disk of /var/lib/deployd is full:\x1b[31m 'df -h' shows it"
    result = deployctl("status")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[0] == ("Needs attention: the disk of /var/lib/deployd is full:\\x1b[31m 'df -h' "
                                          "shows it")
    assert result.out.lower().count("attention") == 1 and "shop" in result.out
    result = deployctl("status", "--json")
    assert (result.status, result.json["status"][0]["attention"]) == (0, mock.manager["Attention"])


@pytest.mark.parametrize("verb,method", [("start", "Start"), ("stop", "Stop"), ("restart", "Restart")])
def test_start_stop_restart(mock, deployctl, verb, method):
    where = mock.app("shop")
    assert deployctl(verb, "shop").status == 0
    assert mock.wait_call(method) == (where,)


def test_the_build_cache_of_an_app_is_removed(mock, deployctl):
    where = mock.app("shop")
    result = deployctl("cache", "clear", "shop")
    assert (result.status, result.out, result.err) == \
        (0, "the build cache of shop is removed; the next build begins without it\n", "")
    assert mock.wait_call("ClearCache") == (where,)


def test_releases_are_the_newest_first(mock, deployctl):
    mock.app("shop")
    mock.do(lambda: mock.deployment("shop", Status="superseded", Revision="ab" * 20, AssignedPort=20001))
    mock.do(lambda: mock.deployment("shop", Status="failed", ErrorSummary="web.1 exited with status 1"))
    lines = deployctl("releases", "shop").out.splitlines()
    assert lines[1].split()[:3] == ["43", "failed", "-"]
    assert lines[1].endswith("web.1 exited with status 1")
    assert lines[2].split()[:4] == ["42", "superseded", "abababababab", "20001"]
    shown = deployctl("releases", "shop", "--json", "-n", "1").json["releases"]
    assert [(r["id"], r["error_summary"]) for r in shown] == [(43, "web.1 exited with status 1")]
    assert mock.wait_call("ListDeployments")[1:] == ("shop", 0, 0)
    assert mock.wait_call("ListDeployments")[1:] == ("shop", 0, 1)


def test_the_log_of_a_deployment_is_asked_for_by_its_id_or_by_its_app(mock, deployctl):
    mock.app("shop")
    mock.do(lambda: mock.deployment("shop", Status="superseded"))
    mock.do(lambda: mock.deployment("shop", Status="failed"))
    mock.logs = {42: "build: fetched\nbuild: apples\n", 43: "build: pears\n"}
    result = deployctl("build-log", "42")
    assert (result.status, result.out, result.err) == (0, "build: fetched\nbuild: apples\n", "")
    result = deployctl("build-log", "shop")
    assert (result.status, result.out, result.err) == (0, "build: pears\n", "")


def test_an_app_without_a_deployment_has_no_log(mock, deployctl):
    mock.app("shop")
    result = deployctl("build-log", "shop")
    assert (result.status, result.out) == (1, "")
    assert result.err == "deployctl: shop was never deployed yet: deployctl deploy shop\n"


def test_a_log_that_is_not_kept_is_said(mock, deployctl):
    mock.logs = {42: ""}
    result = deployctl("build-log", "42")
    assert (result.status, result.out) == (1, "")
    assert result.err == ("deployctl: the log of deployment 42 is not kept, and the journal has no lines of it: see keep-logs in "
                          "deploy.conf(5)\n")


def test_ps_shows_instances_as_systemd_sees_them(mock, deployctl):
    units = ["deployd-app-my_app-42.web.1.service", "deployd-app-my_app-42.worker.1.service"]
    mock.app("my-app")
    mock.app("other")
    mock.do(lambda: mock.deployment("my-app", Status="live", AssignedPort=20007, Units=units))
    mock.do(lambda: mock.deployment("other", Status="live", Units=["deployd-app-other-43.web.1.service"]))
    mock.unit(units[0])
    mock.unit(units[1], "auto-restart")
    mock.unit("deployd-app-other-43.web.1.service", "dead", "not-found")
    lines = deployctl("ps").out.splitlines()
    assert lines[1].split() == ["my-app", "web.1", "running", "20007", "now", "42", units[0]]
    assert lines[2].split()[:4] == ["my-app", "worker.1", "auto-restart", "-"]
    assert lines[3].split()[:3] == ["other", "web.1", "gone"]
    shown = deployctl("ps", "my-app", "--json").json["instances"]
    assert [(i["process"], i["port"], i["deployment"]) for i in shown] == [("web.1", 20007, 42), ("worker.1", 0, 42)]


def test_ps_of_an_app_that_is_not_there(mock, deployctl):
    result = deployctl("ps", "nope")
    assert (result.status, result.err) == (1, "deployctl: there is no app 'nope'\n")


def test_cancel_by_id_and_by_app(mock, deployctl):
    mock.app("shop")
    first, where = mock.do(lambda: mock.deployment("shop", Status="building"))
    assert deployctl("cancel", str(first)).out == f"deployment {first} cancelled\n"
    assert mock.wait_call("Cancel") == (where,)
    _, where = mock.do(lambda: mock.deployment("shop", Status="fetching"))
    assert deployctl("cancel", "shop").status == 0
    assert mock.wait_call("Cancel") == (where,)
    result = deployctl("cancel", "shop")
    assert (result.status, result.err) == (1, "deployctl: no deployment of shop is under way\n")
    result = deployctl("cancel", str(first))
    assert (result.status, result.err) == (1, f"deployctl: deployment {first} is cancelled already\n")


LISTINGS = [("repo", "list"), ("app", "list"), ("releases", "shop"), ("ps",), ("status",), ("repo", "show", "code"),
            ("app", "show", "shop"), ("app", "list", "--removed")]


@pytest.mark.parametrize("words", LISTINGS, ids=" ".join)
def test_json_is_json_whatever_the_texts_are(mock, deployctl, words):
    mock.repository("code", GitUrl='https://x/"\\\x1b[31m\x01\x7fé漢\u009b\n\t')
    mock.app("shop", Branch='"\\\x1b]0;x\x07')
    mock.do(lambda: mock.deployment("shop", Status="failed", ErrorSummary='said "\\\x1b[2J" é\n'))
    for locale in "C.UTF-8", "C":
        result = deployctl(*words, "--json", env={"LC_ALL": locale})
        assert (result.status, result.err) == (0, "")
        assert json.loads(result.out)


def test_json_has_texts_exactly_as_they_are(mock, deployctl):
    text = 'https://x/"\\\x1b[31m\x01\x7fé漢\u009b\n\t'
    mock.repository("code", GitUrl=text)
    assert deployctl("repo", "list", "--json").json["repositories"][0]["url"] == text
    assert deployctl("repo", "show", "code", "--json").json["repository"][0]["url"] == text


@pytest.mark.parametrize("words", [("repo", "list"), ("app", "list"), ("releases", "shop"), ("ps",)], ids=" ".join)
def test_nothing_to_list_is_a_sentence_and_empty_json(mock, deployctl, words):
    if words[0] == "releases":
        mock.app("shop")
    result = deployctl(*words)
    assert result.status == 0 and len(result.out.splitlines()) == 1
    shown = deployctl(*words, "--json").json
    assert list(shown.values()) == [[]]


@pytest.mark.parametrize("words", LISTINGS + [("repo", "list"), ("app", "show", "shop")], ids=" ".join)
@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_control_characters_are_never_shown(mock, deployctl, words, locale):
    mock.repository("code", GitUrl="https://x/\x1b[31m\u009b2J\x07")
    mock.app("shop", Branch="a\x1b[31mb", Status="new\x1b[0m")
    mock.do(lambda: mock.deployment("shop", Status="failed", ErrorSummary="said \x1b[2J\r and \x08"))
    result = deployctl(*words, env={"LC_ALL": locale})
    assert result.status == 0
    assert all(c == "\n" or c.isprintable() for c in result.out)
    if locale == "C":
        assert result.out.isascii()


METHOD_OF = {"repo add": "CreateRepository", "repo list": "ListRepositories", "repo show": "GetRepository",
             "repo fetch": "Fetch", "repo credential": "SetCredential", "repo key": "GenerateKey",
             "repo known-hosts": "SetKnownHosts", "repo set": "SetGitUrl", "repo remove": "Remove", "app create": "CreateApp",
             "app list": "ListApps", "app show": "GetApp", "app set": "SetProperties", "app remove": "Remove",
             "deploy": "Deploy", "cancel": "GetDeployment", "build-log": "OpenLog", "redeploy": "Redeploy", "rollback": "Rollback",
             "releases": "ListDeployments", "scale": "SetProperties", "ps": "GetManagedObjects",
             "start": "Start", "stop": "Stop", "restart": "Restart", "cache clear": "ClearCache", "status": "GetAll", "config": "GetEnvironment",
             "config get": "GetEnvironment", "config set": "SetEnvironment", "config unset": "SetEnvironment"}
WORDS = {"repo add": ["x", "y"], "repo show": ["code"], "repo fetch": ["code"], "repo credential": ["code", "--clear"],
         "repo key": ["code"], "repo known-hosts": ["code", "--clear"], "repo set": ["code", "url=x"],
         "repo remove": ["code"], "app create": ["a", "code"], "app show": ["shop"], "app set": ["shop", "branch=x"],
         "app remove": ["shop", "--confirm=shop"], "deploy": ["shop"], "cancel": ["42"], "build-log": ["42"], "redeploy": ["shop"], "rollback": ["shop"], "scale": ["shop", "web=2"], "releases": ["shop"], "start": ["shop"],
         "stop": ["shop"], "restart": ["shop"], "cache clear": ["shop"], "config": ["shop"], "config get": ["shop", "A"],
         "config set": ["shop", "A=1"], "config unset": ["shop", "A"]}


@pytest.mark.parametrize("verb", METHOD_OF)
@pytest.mark.parametrize("error,status", [("AppBusy", 1), ("DatabaseUnavailable", 4),
                                          ("org.freedesktop.DBus.Error.AccessDenied", 1)])
def test_every_verb_says_the_error_of_deployd_in_one_line(mock, deployctl, verb, error, status):
    mock.repository("code")
    mock.environments[mock.app("shop")] = {"A": "1"}
    mock.failures[METHOD_OF[verb]] = Failure(error, "no\x1b[31m, not now\nor ever")
    result = deployctl(*verb.split(), *WORDS.get(verb, []))
    assert result.status == status
    hint = ": see 'systemctl status deployd'" if error == "DatabaseUnavailable" else ""
    assert result.err == f"deployctl: no\\x1b[31m, not now\\x0aor ever{hint}\n"


def test_every_verb_is_tested_with_an_error(deployctl):
    verbs = {line.split(" --")[0] for line in deployctl("--list-verbs").out.splitlines()}
    assert verbs - set(METHOD_OF) == {"detect", "logs", "backup", "restore", "help"}


def test_status_without_a_database_says_which_state_it_is_in(mock, deployctl):
    mock.manager["DatabaseState"] = "connecting"
    result = deployctl("status")
    assert result.status == 4
    assert result.out == "deployd 0.1.0, database: connecting\n"
    assert result.err == ("deployctl: the database cannot be reached: connection refused: "
                          "see 'systemctl status deployd'\n")
