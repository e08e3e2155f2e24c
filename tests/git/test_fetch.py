# SPDX-License-Identifier: LGPL-2.1-or-later
"""deployd-fetch against real repositories and real servers. DEPLOYD_FETCH names the program."""

import contextlib
import hashlib
import io
import os
import random
import shutil
import signal
import socket
import subprocess
import tarfile
import time
import unicodedata

import pytest
from gitserver import ENVIRONMENT, HttpServer, Repository, free_port, git_daemon
from http_proxy import Proxy

PROGRAM = os.environ["DEPLOYD_FETCH"]
LIMITS = {"max-bytes": 100_000_000, "max-files": 10_000, "max-depth": 64, "stall-timeout": 20_000_000}
NOBODY = 65534


class Result:
    def __init__(self, code, ticket, stderr, tar):
        self.code, self.stderr, self.tar = code, stderr, tar
        sections = ticket.split("\n\n")
        assert len(sections) == 3 and sections[2] == "", ticket
        self.text = sections[1]
        self.answer = dict(line.split("=", 1) for line in sections[1].split("\n"))

    def __getattr__(self, key):
        return self.answer[key]

    def warnings(self):
        return [value for key, value in self.answer.items() if key.startswith("warning.")]

    def members(self):
        with tarfile.open(fileobj=io.BytesIO(self.tar)) as tar:
            return tar.getmembers()

    def files(self):
        """{path: (mode, content)} with git's modes; directories end in a slash."""
        found = {}
        with tarfile.open(fileobj=io.BytesIO(self.tar)) as tar:
            for member in tar:
                assert member.name not in found and member.name + "/" not in found
                if member.isdir():
                    assert member.mode == 0o755
                    found[member.name + "/"] = ("040000", None)
                elif member.issym():
                    found[member.name] = ("120000", os.fsencode(member.linkname))
                else:
                    assert member.isreg() and member.mode in (0o644, 0o755)
                    mode = "100755" if member.mode == 0o755 else "100644"
                    found[member.name] = (mode, tar.extractfile(member).read())
        return found


class Fetcher:
    """One mirror, and the program run upon it."""

    def __init__(self, path):
        self.path = path
        self.cache = path / "cache"
        self.cache.mkdir()
        self.defaults = {"schemes": "http https git ssh", "local-paths": "", "branch": "", "revision": "",
                         "tree": "yes", "directory": "", **LIMITS}
        self.environment = {"PATH": "/usr/bin:/bin", "CACHE_DIRECTORY": str(self.cache), "HOME": "/nonexistent"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def start(self, verb, request, command=(PROGRAM,), **options):
        request = {**self.defaults, **{k.replace("_", "-"): v for k, v in request.items()}}
        self.ticket = self.path / "ticket"
        self.ticket.write_text("".join(f"{k}={v}\n" for k, v in request.items()) + "\n")
        self.tar = self.path / "tar"
        self.tar.write_bytes(b"what was here before")
        with open(self.ticket, "r+") as ticket, open(self.tar, "r+b") as tar:
            return subprocess.Popen([*command, verb], stdin=ticket, stdout=tar, stderr=subprocess.PIPE,
                                    env={**self.environment, **options.pop("env", {})}, **options)

    def run(self, verb="fetch", *, command=(PROGRAM,), env={}, **request):
        process = self.start(verb, request, command, env=env)
        stderr = process.communicate()[1].decode()
        return Result(process.returncode, self.ticket.read_text(), stderr, self.tar.read_bytes())

    def good(self, verb="fetch", **request):
        result = self.run(verb, **request)
        assert result.code == 0, result.stderr
        warnings = {f"warning.{n}" for n in range(1, len(result.warnings()) + 1)}
        assert set(result.answer) - {"files", "bytes"} == {"commit", "head", "branch"} | warnings
        return result

    def bad(self, verb="fetch", **request):
        result = self.run(verb, **request)
        assert result.code == 1, result.answer
        assert set(result.answer) == {"error", "kind"} and result.tar == b""
        sentence = result.error
        assert sentence and not sentence[0].isupper() and sentence[-1] != "."
        assert not any(unicodedata.category(c) == "Cc" for c in sentence)
        assert sentence in result.stderr
        return result.kind, sentence


@pytest.fixture
def fetcher(tmp_path):
    return Fetcher(tmp_path)


@pytest.fixture
def served(tmp_path):
    root = tmp_path / "served"
    root.mkdir()
    with HttpServer(root) as server:
        yield server


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The repository that repo() has copies of: git is run thirty times for it."""
    repository = Repository(tmp_path_factory.mktemp("made") / "shop.git")
    repository.first = repository.commit({"index.html": "one", "bin": {"run": ("#!/bin/sh\n", "100755")}})
    repository.git("tag", "v1", repository.first)
    repository.git("tag", "-a", "-m", "release", "v1-annotated", repository.first)
    repository.second = repository.commit({"index.html": "two", "link": ("index.html", "120000")},
                                          parent=repository.first)
    repository.side = repository.commit({"index.html": "side"}, branch="feature/side", parent=repository.first)
    return repository


@pytest.fixture
def repo(served, made):
    """A repository with two commits, of which the first is tagged, on two branches."""
    repository = made.copy(served.root / "shop.git")
    repository.url = served.url + "/shop.git"
    return repository


def git_contents(repository, commit):
    """What git says is in the commit, in the form of Result.files()."""
    found, blobs = {}, []
    listing = repository.git("ls-tree", "-rtz", "--full-tree", commit, raw=True)
    for line in listing.split(b"\0")[:-1]:
        head, path = line.split(b"\t", 1)
        mode, kind, oid = head.decode().split()
        path = os.fsdecode(path)
        if kind == "blob":
            found[path] = None  # in its order
            blobs.append((path, mode, oid))
        else:
            found[path + "/"] = ("040000", None)
    # Each is a line "ID blob SIZE", the content, and the end of a line.
    stream = io.BytesIO(repository.git("cat-file", "--batch", data="".join(f"{oid}\n" for _, _, oid in blobs), raw=True))
    for path, mode, oid in blobs:
        name, kind, size = stream.readline().decode().split()
        assert (name, kind) == (oid, "blob")
        found[path] = (mode, stream.read(int(size)))
        assert stream.read(1) == b"\n"
    return found


# What is found


def test_the_default_branch_is_the_head_of_the_remote(fetcher, repo):
    result = fetcher.good(url=repo.url)
    assert (result.commit, result.head, result.branch) == (repo.second, repo.second, "main")
    assert (result.answer["files"], result.answer["bytes"]) == ("2", str(len("two") + len("index.html")))


@pytest.mark.parametrize("revision, commit", [
    ("main", "second"), ("feature/side", "side"), ("v1", "first"), ("v1-annotated", "first")])
def test_a_revision_is_a_branch_or_a_tag(fetcher, repo, revision, commit):
    result = fetcher.good(url=repo.url, revision=revision)
    assert (result.commit, result.head) == (getattr(repo, commit), repo.second)


@pytest.mark.parametrize("digits", [40, 12, 7])
def test_a_revision_is_a_commit_in_full_or_abbreviated(fetcher, repo, digits):
    assert fetcher.good(url=repo.url, revision=repo.first[:digits]).commit == repo.first
    assert fetcher.good(url=repo.url, revision=repo.first[:digits].upper()).commit == repo.first


def test_six_digits_are_no_commit(fetcher, repo):
    kind, sentence = fetcher.bad(url=repo.url, revision=repo.first[:6])
    assert (kind, sentence) == ("revision", f'the repository has no branch, tag or commit "{repo.first[:6]}"')


def test_a_tag_comes_before_a_branch_as_for_git_with_a_warning(fetcher, repo):
    repo.git("update-ref", "refs/heads/v1", repo.side)
    result = fetcher.good(url=repo.url, revision="v1")
    assert result.commit == repo.first == repo.git("rev-parse", "v1")
    assert 'There are a tag and a branch "v1": the tag is taken. The branch is refs/heads/v1.' in result.stderr
    assert result.warnings() == ['There are a tag and a branch "v1": the tag is taken. The branch is refs/heads/v1.']
    assert "There are" not in fetcher.good(url=repo.url, revision="main").stderr


def test_a_branch_comes_first_where_a_branch_is_meant(fetcher, repo):
    repo.git("update-ref", "refs/heads/v1", repo.side)
    result = fetcher.good(url=repo.url, revision="v1", prefer="branch")
    assert result.commit == repo.side
    assert 'There are a tag and a branch "v1": the branch is taken. The tag is refs/tags/v1.' in result.stderr
    assert fetcher.good(url=repo.url, revision="v1-annotated", prefer="branch").commit == repo.first


def test_a_tag_comes_before_an_abbreviated_commit(fetcher, repo):
    repo.git("tag", repo.side[:7], repo.first)
    assert fetcher.good(url=repo.url, revision=repo.side[:7]).commit == repo.first


def test_a_revision_is_the_full_name_of_a_branch_or_a_tag(fetcher, repo):
    repo.git("update-ref", "refs/heads/v1", repo.side)
    for revision, commit in [("refs/heads/v1", repo.side), ("refs/tags/v1", repo.first),
                             ("refs/tags/v1-annotated", repo.first), ("refs/heads/feature/side", repo.side)]:
        result = fetcher.good(url=repo.url, revision=revision)
        assert result.commit == commit and "There are" not in result.stderr


def test_forty_digits_are_a_commit_before_a_branch_of_that_name(fetcher, repo):
    repo.git("update-ref", f"refs/heads/{repo.first}", repo.side)
    assert fetcher.good(url=repo.url, revision=repo.first).commit == repo.first


def test_an_ambiguous_abbreviation_is_refused(fetcher, repo):
    seen, n = {}, 0
    # Names of blobs are computed here as git does, until two begin alike.
    while True:
        content = b"%d" % n
        oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        if oid[:7] in seen:
            break
        seen[oid[:7]] = content
        n += 1
    repo.commit({"a": seen[oid[:7]], "b": content}, parent=repo.second)
    kind, sentence = fetcher.bad(url=repo.url, revision=oid[:7])
    assert kind == "revision" and "more than one object" in sentence


@pytest.mark.parametrize("revision", [
    "nope", "HEAD", "main~1", "main^", "refs/heads/nope", "refs/tags/main", "refs/heads/", "refs/heads/../tags/v1",
    "refs/deployd/no-default-branch", "v1^{tree}", "--upload-pack=touch x", "-x", "main@{1}", "..",
    "a b", "0" * 40, "0" * 7, "x" * 300, "ü", "main.lock"])
def test_what_is_no_revision_is_named(fetcher, repo, revision):
    kind, sentence = fetcher.bad(url=repo.url, revision=revision)
    assert kind == "revision" and sentence == f'the repository has no branch, tag or commit "{revision}"'


def test_a_tag_of_a_tree_is_no_revision(fetcher, repo):
    repo.git("tag", "content", f"{repo.first}^{{tree}}")
    assert fetcher.bad(url=repo.url, revision="content") == ("revision", '"content" does not name a commit')


def test_the_branch_of_the_request_is_the_default(fetcher, repo):
    result = fetcher.good(url=repo.url, branch="feature/side")
    assert (result.commit, result.head, result.branch) == (repo.side, repo.side, "feature/side")


def test_a_missing_default_branch_matters_only_without_a_revision(fetcher, repo):
    assert fetcher.bad(url=repo.url, branch="gone") == ("revision", 'the repository has no branch "gone"')
    result = fetcher.good(url=repo.url, branch="gone", revision="v1")
    assert (result.commit, result.head, result.branch) == (repo.first, "", "")


def test_a_head_without_a_branch_is_explained(fetcher, repo):
    repo.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    kind, sentence = fetcher.bad(url=repo.url)
    assert kind == "revision" and sentence == "the repository's HEAD names no branch; say which branch to deploy"
    assert fetcher.good(url=repo.url, branch="main").commit == repo.second


# What changes


def test_a_new_commit_is_fetched(fetcher, repo):
    fetcher.good(url=repo.url)
    third = repo.commit({"index.html": "three"}, parent=repo.second)
    result = fetcher.good(url=repo.url)
    assert result.commit == third and result.files()["index.html"] == ("100644", b"three")


def test_a_fetch_without_news_transfers_nothing(fetcher, served, repo):
    fetcher.good(url=repo.url)
    served.requests.clear()
    assert fetcher.good(url=repo.url).commit == repo.second
    assert len(served.requests) == 1 and served.requests[0].endswith("info/refs?service=git-upload-pack")


def test_a_forced_push_is_followed(fetcher, repo):
    fetcher.good(url=repo.url)
    forced = repo.commit({"index.html": "rewritten"})
    assert fetcher.good(url=repo.url).commit == forced
    assert fetcher.good("resolve", url=repo.url, revision=repo.second).commit == repo.second


def test_a_deleted_branch_or_tag_is_gone(fetcher, repo):
    fetcher.good(url=repo.url)
    repo.git("update-ref", "-d", "refs/heads/feature/side")
    repo.git("tag", "-d", "v1")
    for revision in ("feature/side", "v1"):
        assert fetcher.bad(url=repo.url, revision=revision)[0] == "revision"


def test_a_moved_tag_is_followed(fetcher, repo):
    fetcher.good(url=repo.url)
    repo.git("tag", "-f", "v1", repo.second)
    assert fetcher.good(url=repo.url, revision="v1").commit == repo.second


def test_a_branch_may_become_a_folder_of_branches_and_back(fetcher, repo):
    repo.commit({"a": "1"}, branch="topic")
    fetcher.good(url=repo.url)
    repo.git("update-ref", "-d", "refs/heads/topic")
    inner = repo.commit({"a": "2"}, branch="topic/inner")
    assert fetcher.good(url=repo.url, revision="topic/inner").commit == inner
    repo.git("update-ref", "-d", "refs/heads/topic/inner")
    outer = repo.commit({"a": "3"}, branch="topic")
    assert fetcher.good(url=repo.url, revision="topic").commit == outer


def test_a_changed_head_is_followed(fetcher, repo):
    assert fetcher.good(url=repo.url).branch == "main"
    repo.git("symbolic-ref", "HEAD", "refs/heads/feature/side")
    result = fetcher.good(url=repo.url)
    assert (result.commit, result.branch) == (repo.side, "feature/side")
    assert fetcher.good("resolve", url=repo.url).branch == "feature/side"


# Resolving without the network


def test_resolve_answers_from_the_mirror_alone(fetcher, served, repo):
    fetcher.good(url=repo.url)
    repo.commit({"index.html": "three"}, parent=repo.second)
    served.requests.clear()
    result = fetcher.good("resolve", url=repo.url)
    assert result.commit == repo.second and result.files() == git_contents(repo, repo.second)
    assert served.requests == []


def test_resolve_without_a_mirror_says_so(fetcher, repo):
    assert fetcher.bad("resolve", url=repo.url) == ("internal", "the repository has not been fetched yet")


def test_without_the_tree_nothing_is_written(fetcher, repo):
    result = fetcher.good(url=repo.url, tree="no")
    assert result.commit == repo.second and result.tar == b"what was here before" and "files" not in result.answer


# Where from


def test_git_daemon_is_a_server_too(fetcher, served, repo):
    with git_daemon(served.root) as url:
        assert fetcher.good(url=url + "/shop.git").commit == repo.second
        kind, sentence = fetcher.bad(url=url + "/nope.git")
        assert kind == "remote" and sentence.startswith("the server refused: ")


@pytest.mark.parametrize("form", ["{}", "file://{}", "{}/", "FILE://{}", "{}/../shop.git"])
def test_local_repositories_below_the_allowed_directories(fetcher, served, repo, form):
    result = fetcher.good(url=form.format(repo.path), local_paths=f"/nowhere {served.root}/")
    assert result.commit == repo.second and result.files() == git_contents(repo, repo.second)
    third = repo.commit({"index.html": "three"}, parent=repo.second)
    assert fetcher.good(url=form.format(repo.path), local_paths=f"/nowhere {served.root}/").commit == third


def test_a_local_url_may_have_escapes(fetcher, served):
    repository = Repository(served.root / "a b%.git")
    commit = repository.commit({"a": "1"})
    assert fetcher.good(url=f"file://{served.root}/a%20b%25.git", local_paths=served.root).commit == commit


def test_a_local_repository_with_a_working_tree(fetcher, served, repo):
    work = served.root / "work"
    subprocess.run(["git", "clone", "-q", repo.path, work], check=True, env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    assert fetcher.good(url=work, local_paths=served.root).commit == repo.second


def test_a_local_repository_may_belong_to_another_user(fetcher, served, repo):
    if os.geteuid() == 0:
        for path in [repo.path, *repo.path.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        assert repo.path.stat().st_uid == NOBODY
    assert fetcher.good(url=repo.path, local_paths=served.root).commit == repo.second


def test_local_repositories_elsewhere_are_refused(fetcher, tmp_path, served, repo):
    other = tmp_path / "other"
    other.mkdir()
    beside = tmp_path / "served-not"
    Repository(beside)
    (served.root / "out").symlink_to(beside)
    for url in (beside, f"file://{beside}", f"{served.root}/../served-not", f"{served.root}/out",
                f"file://{served.root}/%2e%2e/served-not", "/etc", "file:///etc/passwd"):
        kind, sentence = fetcher.bad(url=url, local_paths=f"{other} {served.root}")
        assert kind == "remote" and sentence.startswith("local repositories are allowed only below: "), url
    assert fetcher.bad(url=repo.path) == ("remote", "local repositories are not allowed")


def test_local_repositories_that_borrow_from_elsewhere_are_refused(fetcher, tmp_path, served, repo):
    shared = served.root / "shared"
    subprocess.run(["git", "clone", "-q", "--bare", "--shared", repo.path, shared], check=True, env=ENVIRONMENT)
    gitfile = served.root / "gitfile"
    gitfile.mkdir()
    (gitfile / ".git").write_text(f"gitdir: {repo.path}\n")
    linked = served.root / "linked.git"
    Repository(linked)
    (linked / "objects").rename(tmp_path / "objects")
    (linked / "objects").symlink_to(tmp_path / "objects")
    for path in (shared, gitfile, linked):
        kind, sentence = fetcher.bad(url=path, local_paths=served.root)
        assert kind == "remote" and ("elsewhere" in sentence or "worktree" in sentence)
    (served.root / "empty").mkdir()
    kind, sentence = fetcher.bad(url=served.root / "empty", local_paths=served.root)
    assert sentence == f'there is no git repository at "{served.root}/empty" that everybody may read'
    assert "No such file" in fetcher.bad(url=served.root / "nope", local_paths=served.root)[1]


@pytest.fixture
def kinds(served, repo):
    """Paths of repositories that cannot be fetched from, of each kind."""
    env = dict(ENVIRONMENT, GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0="*")
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = ["git", "clone", "-q", "--bare"]
    subprocess.run([*clone, "--depth=1", f"file://{repo.path}", served.root / "shallow.git"], env=env, check=True)
    subprocess.run([*clone, "--filter=blob:none", f"file://{repo.path}", served.root / "partial.git"], env=env, check=True)
    sha256 = served.root / "sha256.git"
    subprocess.run(["git", "init", "-q", "--bare", "--object-format=sha256", "-b", "main", sha256], env=env, check=True)
    empty = subprocess.check_output(["git", "-C", sha256, "mktree"], stdin=subprocess.DEVNULL, env=env, text=True).strip()
    commit = subprocess.check_output(["git", "-C", sha256, "commit-tree", "-m", "x", empty], env=env, text=True).strip()
    subprocess.run(["git", "-C", sha256, "update-ref", "refs/heads/main", commit], env=env, check=True)
    return served.root


@pytest.mark.parametrize("kind, sentence", [
    ("shallow", "the repository is a shallow clone, which has only a part of its history; complete it there with "
                "'git fetch --unshallow'"),
    ("partial", "the repository is a partial clone, which has only a part of its files; make a whole one with "
                "'git clone --bare URL', without --filter"),
    ("sha256", "the repository has the object format SHA-256, and only SHA-1 is supported; make one with "
               "'git init --bare --object-format=sha1'")])
def test_a_local_repository_of_a_kind_that_cannot_be_fetched_says_what_to_do(fetcher, kinds, kind, sentence):
    assert fetcher.bad(url=kinds / f"{kind}.git", local_paths=kinds) == ("remote", sentence)


def test_a_shallow_repository_that_was_completed_is_fetched(fetcher, kinds, repo):
    subprocess.run(["git", "-C", kinds / "shallow.git", "fetch", "-q", "--unshallow", f"file://{repo.path}"],
                   env=ENVIRONMENT, check=True)
    assert fetcher.good(url=kinds / "shallow.git", local_paths=kinds).commit == repo.second


@pytest.mark.parametrize("kind", ["shallow", "sha256"])
def test_a_server_with_a_repository_that_cannot_be_fetched_says_what_to_do(fetcher, kinds, served, kind):
    with git_daemon(served.root) as daemon:
        for server in (served.url, daemon):
            problem, sentence = fetcher.bad(url=f"{server}/{kind}.git")
            assert problem == "remote" and "shallow" in sentence and "git fetch --unshallow" in sentence
            assert "SHA-256" in sentence


def test_a_scheme_that_is_not_in_the_list_is_refused(fetcher, repo):
    kind, sentence = fetcher.bad(url=repo.url, schemes="https ssh")
    assert (kind, sentence) == ("remote",
                                'addresses that begin with "http:" are not allowed; allowed are: https ssh')


@pytest.mark.parametrize("url", [
    "", "-x", "--upload-pack=touch x", "ext::sh -c touch% /x", "ext::sh", "ftp://h/x", "ssh://-oProxyCommand=x/y",
    "git@-oProxyCommand=x:y", "http://127.0.0.1:80:80/x", "http://[::1/x", "http:///x", "http://h", "http://h/",
    "http://h/x y", "http://h/x?y=%0d%0aHost:", "http://h/x#y", "http://h%00/x", "relative/path", "./x", "http:/h/x",
    "http://h\u200e\\x/y", "javascript:alert(1)//", "file://host/x", "file:x", "http://@/x", "http://:x@/x", "a@b@c:d"])
def test_strange_addresses_are_refused(fetcher, served, url):
    kind, _ = fetcher.bad(url=url, local_paths=served.root)
    assert kind == "remote"
    assert list(fetcher.cache.iterdir()) == []


# What a server can answer


@pytest.mark.parametrize("path, sentence", [
    ("/nope.git", "the server has no such repository (http status 404)"),
    ("/broken/x.git", "the server failed: unexpected http status code: 500"),
    ("/forbidden/x.git", "the server forbids access (http status 403)"),
    ("/page/x.git", "there is no git repository at this address: the server answered with something else"),
    ("/moved/shop.git", "the server redirects to another address; give that address if it is the right one"),
    ("/private/shop.git", "authentication is required, and no credential is known (a repository that does not exist "
                          "may look the same): 'deployctl repo credential NAME' gives one"),
    ("/cut/x.git", "the server ended the connection in the middle")])
def test_the_sentence_for_what_a_server_answers(fetcher, served, repo, path, sentence):
    assert fetcher.bad(url=served.url + path) == ("remote", sentence)


def test_a_redirect_to_another_host_or_scheme_is_not_followed(fetcher, tmp_path, served, repo):
    with HttpServer(served.root) as other:
        for target in (other.url.replace("127.0.0.1", "localhost"), f"file://{served.root}", "git://127.0.0.1"):
            served.redirect = target
            assert fetcher.bad(url=served.url + "/moved/shop.git", local_paths=served.root)[0] == "remote"
        assert other.requests == []


def test_nobody_listens(fetcher):
    kind, sentence = fetcher.bad(url=f"http://127.0.0.1:{free_port()}/x.git")
    assert (kind, sentence) == ("remote", "the server refused the connection")


def test_a_name_nobody_has(fetcher):
    kind, sentence = fetcher.bad(url="http://no-such-host.invalid/x.git")
    assert kind == "remote" and sentence.startswith("the server's name cannot be found: ")


def test_an_empty_repository(fetcher, served):
    Repository(served.root / "empty.git")
    for url in (served.url + "/empty.git", served.root / "empty.git"):
        kind, sentence = fetcher.bad(url=url, local_paths=served.root)
        assert (kind, sentence) == ("revision", "the repository is empty: it has no commit yet")


def test_a_server_that_speaks_something_else(fetcher):
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = fetcher.start("fetch", {"url": f"git://127.0.0.1:{server.getsockname()[1]}/x"})
        connection = server.accept()[0]
        connection.recv(1000)
        connection.sendall(b"SSH-2.0-\x1b[2Jhello\r\n" * 10)
        connection.close()
        process.communicate()
    answer = fetcher.ticket.read_text()
    assert process.returncode == 1 and "kind=remote" in answer and "\x1b" not in answer


def test_text_from_the_server_is_cleaned(fetcher):
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = fetcher.start("fetch", {"url": f"git://127.0.0.1:{server.getsockname()[1]}/x"})
        connection = server.accept()[0]
        connection.recv(1000)
        message = b"ERR \x1b[31mno\nkind=none \xff" + b"y" * 2000
        connection.sendall(b"%04x" % (len(message) + 4) + message)
        connection.close()
        stderr = process.communicate()[1]
    result = Result(process.returncode, fetcher.ticket.read_text(), stderr.decode(), fetcher.tar.read_bytes())
    assert result.kind == "remote" and result.error.startswith("the server refused: remote error: ?[31mno")
    assert len(result.error.encode()) < 600 and "\x1b" not in result.stderr


def test_the_login_in_the_address_is_used_and_never_shown(fetcher, served, repo):
    with_login = served.url.replace("//", f"//{served.login}@")
    result = fetcher.good(url=with_login + "/private/shop.git")
    assert result.commit == repo.second
    assert "hunter-17x" not in result.text + result.stderr + "".join(
        path.read_text(errors="replace") for path in fetcher.cache.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", ["/private/shop.git", "/nope.git", "/moved/x", "/broken/x", "/page/x", "/cut/x", "/a b",
                                  "/a?b", "/", "/%zz", "/moved/hunter%2D17x/x"])
@pytest.mark.parametrize("password", ["hunter%2D17x", "hunter-17x"])
def test_a_password_is_never_in_an_answer(fetcher, served, path, password):
    served.login = "ada:another"
    served.redirect = f"git://ada:{password}@elsewhere.invalid"
    result = fetcher.run(url=served.url.replace("//", f"//ada:{password}@") + path)
    assert result.code == 1
    assert "17x" not in result.text + result.stderr
    if path.startswith("/private"):
        assert result.error == "the server refused the user name and password"


@pytest.mark.parametrize("url", ["http://ada:hunter-17x@", "ftp://ada:hunter-17x@h/x", "http://ada:hunter-17x@h:x/x",
                                 "ada:hunter-17x@h:x", "http://h/ada:hunter-17x@x y", "ada:hunter-17x@h"])
def test_a_password_in_a_malformed_address_is_not_shown(fetcher, url):
    result = fetcher.run(url=url)
    assert result.code == 1 and "hunter" not in result.text + result.stderr


@pytest.fixture
def authority(tmp_path):
    """Makes certificates; ca.crt is the authority's own."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=tmp_path, stderr=subprocess.DEVNULL)

    # Made in no time, unlike a key of RSA.
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

    def certificate(name, days="2"):
        (tmp_path / "extensions").write_text(f"subjectAltName=DNS:{name}\n")
        openssl("req", *key, "-subj", f"/CN={name}", "-keyout", "key", "-out", "csr")
        openssl("x509", "-req", "-in", "csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", days,
                "-extfile", "extensions", "-out", "crt")
        (tmp_path / "pem").write_text((tmp_path / "key").read_text() + (tmp_path / "crt").read_text())
        return tmp_path / "pem"

    openssl("req", "-x509", *key, "-subj", "/CN=Test Authority", "-keyout", "ca.key", "-out",
            "ca.crt", "-days", "2")
    # In a mount namespace of its own the program finds this authority among the system's.
    certificate.trusting = ("unshare", "--map-root-user", "--mount", "sh", "-c",
                            f'mount --bind {tmp_path}/ca.crt /etc/ssl/certs/ca-certificates.crt && exec "$0" "$@"',
                            PROGRAM)
    return certificate


@pytest.mark.parametrize("name, days, trusted", [
    ("localhost", "2", False), ("other.example", "2", True), ("localhost", "-1", True)],
    ids=["unknown authority", "other name", "expired"])
def test_a_certificate_that_is_not_good_is_refused(fetcher, authority, repo, name, days, trusted):
    with HttpServer(repo.path.parent, authority(name, days)) as server:
        url = f"https://localhost:{server.server_address[1]}/shop.git"
        result = fetcher.run(url=url, command=authority.trusting if trusted else (PROGRAM,))
    assert (result.code, result.kind) == (1, "remote")
    assert result.error.startswith("the server's certificate is not trusted: ")
    assert server.requests == []


def test_a_certificate_of_the_system_s_authorities_is_good(fetcher, authority, repo):
    with HttpServer(repo.path.parent, authority("localhost")) as server:
        url = f"https://localhost:{server.server_address[1]}/shop.git"
        result = fetcher.run(url=url, command=authority.trusting)
    assert result.code == 0 and result.commit == repo.second


# Through a proxy


@pytest.fixture
def proxied():
    """proxied(**options): a proxy that listens, its requests in `requests`."""
    with contextlib.ExitStack() as stack:
        def start(**options):
            requests = []
            proxy = stack.enter_context(Proxy(requests.append, **options))
            proxy.requests = requests
            proxy.url = f"{'https' if options.get('certificate') else 'http'}://{proxy.address}"
            return proxy
        yield start


SETTING = "(proxy of [git] in deploy.conf)"


def test_http_goes_through_the_proxy_with_whole_urls(fetcher, served, repo, proxied):
    proxy = proxied()
    assert fetcher.good(url=repo.url, proxy=proxy.url).commit == repo.second
    assert f"GET {repo.url}/info/refs?service=git-upload-pack 200" in proxy.requests
    assert len(proxy.requests) == len(served.requests)


def test_https_goes_through_a_tunnel_of_the_proxy(fetcher, authority, repo, proxied):
    proxy = proxied()
    with HttpServer(repo.path.parent, authority("localhost")) as server:
        port = server.server_address[1]
        result = fetcher.run(url=f"https://localhost:{port}/shop.git", proxy=proxy.url, command=authority.trusting)
    assert result.commit == repo.second
    assert set(proxy.requests) == {f"CONNECT localhost:{port} 200"}


def test_the_proxy_may_speak_tls_itself(fetcher, authority, repo, proxied):
    proxy = proxied(certificate=authority("localhost"))
    with HttpServer(repo.path.parent, authority("localhost")) as server:
        port = server.server_address[1]
        result = fetcher.run(url=f"https://localhost:{port}/shop.git", command=authority.trusting,
                             proxy=proxy.url.replace("127.0.0.1", "localhost"))
    assert result.code == 0, result.error
    assert result.commit == repo.second
    assert set(proxy.requests) == {f"CONNECT localhost:{port} 200"}


def test_a_server_s_certificate_is_judged_behind_the_proxy_too(fetcher, authority, repo, proxied):
    proxy = proxied()
    with HttpServer(repo.path.parent, authority("other.example")) as server:
        result = fetcher.run(url=f"https://localhost:{server.server_address[1]}/shop.git", proxy=proxy.url,
                             command=authority.trusting)
    assert (result.code, result.kind) == (1, "remote")
    assert result.error.startswith("the encrypted connection failed, perhaps because the server's certificate is not "
                                   "trusted, through the proxy ")
    assert server.requests == []


def test_http_through_a_proxy_of_https_is_refused_with_what_to_do(fetcher, repo):
    kind, sentence = fetcher.bad(url=repo.url, proxy=f"https://127.0.0.1:{free_port()}")
    assert kind == "remote" and "give the repository as https://, or the proxy as http://" in sentence


@pytest.mark.parametrize("tls", [False, True])
def test_the_login_of_the_proxy_is_used_and_never_shown(fetcher, authority, served, repo, proxied, tls):
    proxy = proxied(login="ada:hunter-17x@y")
    with contextlib.ExitStack() as stack:
        url, command = repo.url, (PROGRAM,)
        if tls:
            server = stack.enter_context(HttpServer(repo.path.parent, authority("localhost")))
            url, command = f"https://localhost:{server.server_address[1]}/shop.git", authority.trusting
        result = fetcher.run(url=url, proxy=proxy.url.replace("//", "//ada:hunter-17x%40y@"), command=command)
    assert result.code == 0, result.error
    assert result.commit == repo.second
    assert any(line.endswith(" 200") for line in proxy.requests)
    assert "17x" not in result.text + result.stderr + "".join(
        path.read_text(errors="replace") for path in fetcher.cache.rglob("*") if path.is_file())


@pytest.mark.parametrize("given, sentence", [
    ("", "a user name and password, as in http://***@HOST:PORT, are asked for by"),
    ("ada:hunter-17z@", "the user name and password were refused by")])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_another_login_is_named(fetcher, repo, proxied, given, sentence, scheme):
    proxy = proxied(login="ada:hunter-17x")
    result = fetcher.run(url=repo.url.replace("http", scheme, 1), proxy=proxy.url.replace("//", f"//{given}"))
    assert (result.code, result.kind) == (1, "remote")
    assert result.error == f"{sentence} the proxy {proxy.address} {SETTING}"
    assert "17" not in (result.text + result.stderr).replace(proxy.address, "")
    assert all(line.endswith(" 407") for line in proxy.requests) and proxy.requests


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_nobody_reaches_is_named(fetcher, repo, scheme):
    port = free_port()
    kind, sentence = fetcher.bad(url=repo.url.replace("http", scheme, 1), proxy=f"http://ada:hunter-17x@127.0.0.1:{port}")
    assert kind == "remote"
    assert sentence == (f"the proxy cannot be reached: failed to connect to 127.0.0.1: Connection refused, through the "
                        f"proxy 127.0.0.1:{port} {SETTING}")


def test_the_name_of_a_proxy_that_nobody_has_is_named(fetcher, repo):
    _, sentence = fetcher.bad(url=repo.url, proxy="http://proxy.invalid:3128")
    assert sentence.startswith("the name of the proxy cannot be found: ")
    assert sentence.endswith(f", through the proxy proxy.invalid:3128 {SETTING}")


def test_what_the_proxy_says_of_the_server_names_the_proxy(fetcher, proxied):
    proxy, port = proxied(), free_port()
    _, sentence = fetcher.bad(url=f"https://127.0.0.1:{port}/shop.git", proxy=proxy.url)
    assert sentence == (f"the proxy does not connect to the server: proxy returned unexpected status: 502, through the "
                        f"proxy {proxy.address} {SETTING}")
    _, sentence = fetcher.bad(url=f"http://127.0.0.1:{port}/shop.git", proxy=proxy.url)
    assert sentence == f"the server failed: unexpected http status code: 502, through the proxy {proxy.address} {SETTING}"


@pytest.mark.parametrize("exceptions", ["127.0.0.1", "10.0.0.0/8 127.0.0.0/8", "*"])
def test_hosts_of_no_proxy_are_reached_without_it(fetcher, repo, exceptions):
    result = fetcher.good(url=repo.url, proxy=f"http://127.0.0.1:{free_port()}", no_proxy=exceptions)
    assert result.commit == repo.second


def test_other_schemes_and_paths_are_fetched_without_it(fetcher, served, repo):
    nobody = f"http://127.0.0.1:{free_port()}"
    with git_daemon(served.root) as url:
        assert fetcher.good(url=url + "/shop.git", proxy=nobody).commit == repo.second
    assert fetcher.good(url=str(repo.path), local_paths=str(served.root), proxy=nobody).commit == repo.second


@pytest.mark.parametrize("scheme, names", [
    ("http", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
    ("https", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])])
def test_without_the_setting_the_usual_variables_count(fetcher, repo, proxied, scheme, names):
    used, other = proxied(), proxied()
    for i, name in enumerate(names):
        used.requests.clear()
        value = used.url if i % 2 == 0 else used.address
        later = {name: other.url for name in names[i + 1:]}
        fetcher.run(url=repo.url.replace("http", scheme, 1), env={name: value, **later})
        assert used.requests and not other.requests, name
    wrong = {"http": "https_proxy", "https": "http_proxy"}[scheme]
    used.requests.clear()
    fetcher.run(url=repo.url.replace("http", scheme, 1), env={wrong: used.url})
    assert used.requests == []


def test_the_setting_counts_before_the_variables(fetcher, repo, proxied):
    proxy = proxied()
    nobody = f"http://127.0.0.1:{free_port()}"
    environment = {"http_proxy": nobody, "no_proxy": "127.0.0.1"}
    assert fetcher.run(url=repo.url, proxy=proxy.url, env=environment).commit == repo.second
    assert proxy.requests


def test_no_proxy_of_either_kind_excepts_from_a_variable(fetcher, repo):
    environment = {"http_proxy": f"http://127.0.0.1:{free_port()}"}
    assert fetcher.run(url=repo.url, no_proxy="*", env=environment).commit == repo.second
    for name in ("no_proxy", "NO_PROXY"):
        result = fetcher.run(url=repo.url, env={**environment, name: "example.com,127.0.0.0/8, x"})
        assert result.commit == repo.second
    assert fetcher.run(url=repo.url, env={**environment, "no_proxy": "example.com,127.0.0"}).code == 1


def test_a_variable_that_is_no_url_is_named(fetcher, repo):
    result = fetcher.run(url=repo.url, env={"http_proxy": "socks5://ada:hunter-17x@127.0.0.1:1080"})
    assert result.code == 1 and "17x" not in result.text + result.stderr
    assert result.error == ("http_proxy in the environment of the fetch is not http://HOST:PORT or https://HOST:PORT; with "
                            "'no-proxy = *' in [git] of deploy.conf it is ignored")


# The tree


def test_the_tar_holds_what_git_says_is_there(fetcher, repo):
    deep = {"z": "end"}
    for i in range(20):
        deep = {"directory-with-a-long-name-%02d" % i: deep}
    tree = {"empty": "", "large": os.urandom(300_000), "binary": bytes(range(256)), "run": ("#!", "100755"),
            "link": ("../../etc/passwd", "120000"), "long-link": ("l" * 3000, "120000"), "deep": deep,
            "a": {"x": "1"}, "a.b": "2", "a-b": "3", "ü": "4", "u\u0308": "5", "名前 🦊": {"é": "6"}, " leading": "7",
            "trailing ": "8", "quote'\"": "9", "back\\slash": "10", "n" * 255: "11", "$(x)": "12", "-rf": "13",
            ".gitattributes": "secret export-ignore\n* eol=crlf filter=x\n", "secret": "14\n", ".gitignore": "*\n",
            ".github": {"x": "15"}, ".gitx": "16", "git~2": "17", "target-\U0001f98a": ("ü", "120000")}
    commit = repo.commit(tree)
    result = fetcher.good(url=repo.url)
    expected = git_contents(repo, commit)
    assert len(expected) > 30 and result.files() == expected
    assert [m.name for m in result.members()] == [path.rstrip("/") for path in expected]
    listed = subprocess.run(["tar", "-tf", fetcher.tar], check=True, capture_output=True, env={"LC_ALL": "C.UTF-8"})
    assert len(listed.stdout.splitlines()) == len(expected) and listed.stderr == b""
    for member in result.members():
        assert (member.uid, member.gid, member.uname, member.gname, member.mtime) == (0, 0, "", "", 0)
    sizes = [len(content) for mode, content in expected.values() if content is not None]
    assert (int(result.answer["files"]), int(result.answer["bytes"])) == (len(sizes), sum(sizes))


def test_the_tar_equals_that_of_git_archive(fetcher, repo):
    result = fetcher.good(url=repo.url, revision="v1")
    with tarfile.open(fileobj=io.BytesIO(repo.git("archive", "--format=tar", "v1", raw=True))) as tar:
        theirs = [(m.name, m.type, m.mode & 0o111, tar.extractfile(m).read() if m.isreg() else m.linkname) for m in tar]
    with tarfile.open(fileobj=io.BytesIO(result.tar)) as tar:
        ours = [(m.name, m.type, m.mode & 0o111, tar.extractfile(m).read() if m.isreg() else m.linkname) for m in tar]
    assert ours == theirs and len(ours) == 3


def test_the_same_tree_gives_the_same_bytes(fetcher, repo):
    first = fetcher.good(url=repo.url).tar
    repo.commit(repo.git("rev-parse", f"{repo.second}^{{tree}}"), parent=repo.second, message="later")
    assert fetcher.good(url=repo.url).tar == first


def test_a_directory_is_the_root_of_its_tar(fetcher, repo):
    commit = repo.commit({"apps": {"web": {"index": "1", "static": {"x": "2"}}, "file": "3"}, "other": "4"})
    result = fetcher.good(url=repo.url, directory="apps/web")
    assert result.files() == {"index": ("100644", b"1"), "static/": ("040000", None), "static/x": ("100644", b"2")}
    assert (result.commit, result.answer["files"]) == (commit, "2")
    for directory, sentence in [("nope", f'there is no directory "nope" in commit {commit[:12]}…'),
                                ("apps/web/nope/x", f'there is no directory "apps/web/nope/x" in commit {commit[:12]}…'),
                                ("other", f'"other" is not a directory in commit {commit[:12]}…'),
                                ("other/x", f'there is no directory "other/x" in commit {commit[:12]}…')]:
        assert fetcher.bad(url=repo.url, directory=directory) == ("tree", sentence)


@pytest.mark.parametrize("directory", ["/", "/apps", "apps/", "..", "apps/..", "./apps", "apps//web", "."])
def test_a_directory_that_is_no_clean_path_is_refused(fetcher, repo, directory):
    assert fetcher.bad(url=repo.url, directory=directory) == (
        "tree", f'"{directory}" is not the path of a directory inside the repository')


# Submodules


def gitmodules(**urls):
    return "".join(f'[submodule "{name}"]\n\tpath = {name}\n\turl = {url}\n' for name, url in urls.items())


def test_submodules_that_are_not_fetched_are_named_with_the_setting(fetcher, repo):
    modules = {"module-%02d" % i: (repo.first, "160000") for i in range(12)}
    repo.commit({"a": "1", ".gitmodules": '[submodule "module-00"]\n\turl = ext::touch\n', **modules})
    result = fetcher.good(url=repo.url)
    assert set(result.files()) == {"a", ".gitmodules"} | {name + "/" for name in modules}
    assert "The submodule module-00 is not fetched, its directory is empty." in result.stderr
    assert "'deployctl repo set REPOSITORY submodules=yes'" in result.stderr
    assert len(result.warnings()) == 11 and result.warnings()[-1] == "2 more submodules are not fetched."
    assert "module-11" not in result.stderr and "2 more submodules are not fetched" in result.stderr


@pytest.fixture
def nested(served, repo):
    """The repository has a submodule, which has one of its own beside a file."""
    inner = Repository(served.root / "inner.git")
    inner.only = inner.commit({"apples": "3"})
    middle = Repository(served.root / "lib.git")
    middle.only = middle.commit({"in": {"deep": (inner.only, "160000")}, "pears": "4",
                                 ".gitmodules": '[submodule "x"]\n\turl = "../inner.git" ; there\n\tpath = in/deep\n'})
    repo.inner, repo.middle = inner, middle
    repo.second = repo.commit({"a": "1", "lib": (middle.only, "160000"), "z": "2",
                               ".gitmodules": gitmodules(lib="../lib.git")}, parent=repo.second)
    return repo


def with_submodules(fetcher, repo, verb="fetch", **request):
    return fetcher.good(verb, **{"url": repo.url, "submodules": "yes", "local-paths": repo.path.parent, **request})


WHOLE = {"a": b"1", "z": b"2", "lib/": None, "lib/pears": b"4", "lib/in/": None, "lib/in/deep/": None, "lib/in/deep/apples": b"3"}


def whole(result):
    return {path: content for path, (_, content) in result.files().items() if not path.endswith(".gitmodules")}


@pytest.mark.parametrize("local", [False, True])
def test_submodules_and_theirs_are_a_part_of_the_tree(fetcher, nested, local):
    result = with_submodules(fetcher, nested, url=nested.path if local else nested.url)
    assert whole(result) == WHOLE and "not fetched" not in result.stderr
    assert result.answer["files"] == str(sum(not path.endswith("/") for path in result.files()))
    assert result.answer["bytes"] == str(sum(len(content or b"") for _, content in result.files().values()))
    names = [member.name for member in result.members()]
    assert names == [".gitmodules", "a", "lib", "lib/.gitmodules", "lib/in", "lib/in/deep", "lib/in/deep/apples", "lib/pears", "z"]


def test_submodules_of_a_directory_are_those_below_it(fetcher, nested):
    nested.commit({"web": {"page": "1", "lib": (nested.middle.only, "160000")}, "other": (nested.first, "160000"),
                   ".gitmodules": gitmodules(**{"web/lib": "./../lib.git"})})
    result = with_submodules(fetcher, nested, directory="web")
    assert whole(result) == {"page": b"1"} | {k: v for k, v in WHOLE.items() if k.startswith("lib")}


def test_a_submodule_is_fetched_again_only_for_a_commit_that_it_lacks(fetcher, served, nested):
    with_submodules(fetcher, nested)
    served.requests.clear()
    assert whole(with_submodules(fetcher, nested)) == WHOLE
    assert not any("inner" in path or "lib" in path for path in served.requests)
    new = nested.middle.commit({"pears": "5"}, parent=nested.middle.only)
    nested.commit({"lib": (new, "160000"), ".gitmodules": gitmodules(lib="../lib.git")}, parent=nested.second)
    assert whole(with_submodules(fetcher, nested)) == {"lib/": None, "lib/pears": b"5"}
    assert any("lib" in path for path in served.requests) and not any("inner" in path for path in served.requests)


def test_resolve_takes_submodules_from_their_mirrors(fetcher, served, nested):
    with_submodules(fetcher, nested)
    served.requests.clear()
    assert whole(with_submodules(fetcher, nested, "resolve")) == WHOLE and served.requests == []


def test_a_damaged_mirror_of_a_submodule_is_cured_by_the_next_fetch(fetcher, nested):
    with_submodules(fetcher, nested)
    for pack in (fetcher.cache / "modules").rglob("*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:12] + bytes(pack.stat().st_size - 12))
    result = with_submodules(fetcher, nested)
    assert whole(result) == WHOLE and "Making the copy of submodule lib again" in result.stderr


def test_a_damaged_file_of_a_submodule_is_cured_by_the_next_fetch(fetcher, nested):
    nested.middle.only = nested.middle.commit({"large": random.Random(7).randbytes(9000)})
    nested.commit({"lib": (nested.middle.only, "160000"), ".gitmodules": gitmodules(lib="../lib.git")})
    with_submodules(fetcher, nested)
    pack = max((fetcher.cache / "modules").rglob("*.pack"), key=lambda path: path.stat().st_size)
    pack.chmod(0o600)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 255
    pack.write_bytes(data)
    assert len(whole(with_submodules(fetcher, nested))["lib/large"]) == 9000


@pytest.mark.parametrize("url, kind, sentence", [
    ("ftp://h/x", "remote", 'addresses that begin with "ftp:" are not allowed; allowed are: http https git ssh'),
    ("ext::touch /tmp/x", "remote", "the address has a character that must be written as %XX"),
    ("--upload-pack=touch", "remote", "the address is neither a URL nor an absolute path nor of the form user@host:path"),
    ("/etc", "remote", "it has a local path, which only submodules of a local repository may have"),
    ("file:///etc", "remote", "it has a local path, which only submodules of a local repository may have"),
    ("../../../../x", "tree", "its url in .gitmodules has a ../ too many"),
    ("", "tree", "there is no url for it in .gitmodules"),
    ("../nope.git", "remote", "the server has no such repository (http status 404)"),
])
def test_a_submodule_is_allowed_what_a_repository_is(fetcher, nested, url, kind, sentence):
    nested.commit({"lib": (nested.middle.only, "160000"), ".gitmodules": gitmodules(lib=url)})
    assert fetcher.bad(url=nested.url, submodules="yes", local_paths="/etc") == (kind, "submodule lib: " + sentence)


def test_a_local_repository_has_local_submodules_below_the_allowed_directories_only(fetcher, nested, tmp_path):
    outside = Repository(tmp_path / "outside.git")
    only = outside.commit({"x": "1"})
    nested.commit({"lib": (only, "160000"), ".gitmodules": gitmodules(lib=outside.path)})
    problem = fetcher.bad(url=nested.path, submodules="yes", local_paths=nested.path.parent)
    assert problem == ("remote", f"submodule lib: local repositories are allowed only below: {nested.path.parent}")
    both = f"{nested.path.parent} {tmp_path}"
    assert whole(with_submodules(fetcher, nested, url=nested.path, local_paths=both))["lib/x"] == b"1"


def test_a_commit_that_is_in_no_branch_of_the_submodule_is_named(fetcher, nested):
    lost = nested.middle.commit({"pears": "5"}, branch="gone")
    nested.middle.git("update-ref", "-d", "refs/heads/gone")
    nested.commit({"lib": (lost, "160000"), ".gitmodules": gitmodules(lib="../lib.git")})
    assert fetcher.bad(url=nested.url, submodules="yes") == (
        "revision", f"submodule lib: its commit {lost[:12]} is in no branch or tag of the submodule's repository; push it there")


def test_submodules_inside_one_another_are_bounded(fetcher, served, repo):
    tip, name = repo.first, "shop"
    for i in range(9):
        module = Repository(served.root / f"m{i}.git")
        tip = module.commit({"m": (tip, "160000"), ".gitmodules": gitmodules(m=f"../{name}.git")})
        name = f"m{i}"
    kind, sentence = fetcher.bad(url=f"{served.url}/m8.git", submodules="yes")
    assert kind == "limit" and sentence == "submodule m: " * 8 + "more than 8 submodules are inside one another"
    assert fetcher.good(url=f"{served.url}/m7.git", submodules="yes").files()["m/" * 8 + "index.html"]


def test_many_submodules_are_refused_and_limits_count_all(fetcher, nested):
    nested.commit({f"m{i}": (nested.middle.only, "160000") for i in range(101)}, branch="many")
    assert fetcher.bad(url=nested.url, submodules="yes", revision="many") == ("limit", "the tree has more than 100 submodules")
    fits = int(with_submodules(fetcher, nested).answer["bytes"])
    with_submodules(fetcher, nested, "resolve", **{"max-bytes": fits})
    kind, sentence = fetcher.bad("resolve", url=nested.url, submodules="yes", max_bytes=fits - 1)
    assert kind == "limit" and sentence.endswith(f"the files of the tree are larger than {fits - 1} bytes together")


def test_no_file_is_included_by_gitmodules(fetcher, nested, tmp_path):
    (tmp_path / "more").write_text(gitmodules(lib="../lib.git"))
    nested.commit({"lib": (nested.middle.only, "160000"), ".gitmodules": f"[include]\n\tpath = {tmp_path}/more\n"})
    assert fetcher.bad(url=nested.url, submodules="yes") == ("tree", "submodule lib: there is no url for it in .gitmodules")


def test_a_password_of_the_address_is_not_shown_by_a_submodule(fetcher, served, nested):
    nested.commit({"lib": (nested.middle.only, "160000"), ".gitmodules": gitmodules(lib="../nope.git")})
    url = served.url.replace("//", "//ada:hunter-17x@") + "/private/shop.git"
    result = fetcher.run(url=url, submodules="yes")
    assert result.code == 1 and "submodule lib: " in result.error
    assert "hunter" not in result.text + result.stderr
    nested.commit({"lib": (nested.middle.only, "160000"), ".gitmodules": gitmodules(lib="../lib.git")})
    # The login is the repository's, also where the address is relative to its own.
    assert fetcher.bad(url=url, submodules="yes")[1] == ("submodule lib: authentication is required, and a submodule has no "
                                                         "credential")


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "4d" * 32 + "\nsize 12345\n"


def test_pointers_of_lfs_are_named(fetcher, repo):
    repo.commit({"logo.png": POINTER, "text": "version https://git-lfs.github.com/spec/v1",
                 "large": POINTER + "x" * 1024, "link": (POINTER.strip().replace("\n", " "), "120000")})
    result = fetcher.good(url=repo.url)
    assert result.files()["logo.png"] == ("100644", POINTER.encode())
    assert result.stderr.count("Git LFS") == 2  # both in the sentence about logo.png
    assert "logo.png is a pointer of Git LFS, not the file" in result.stderr
    assert len(result.warnings()) == 1 and result.warnings()[0].startswith("logo.png is a pointer of Git LFS")
    assert "'git lfs untrack', 'git add --renormalize .'" in result.stderr


def test_many_pointers_of_lfs_are_counted(fetcher, repo):
    repo.commit({f"image-{i:02}": POINTER + f"x-n {i}\n" for i in range(13)})
    result = fetcher.good(url=repo.url)
    assert "image-09 is a pointer" in result.stderr and "image-10" not in result.stderr
    assert "3 more files are pointers of Git LFS." in result.stderr


def names(repo):
    """Trees with one entry that must not be there."""
    for name in (".git", ".GIT", ".Git", "..", ".", "git~1", "GIT~1", ".git.", ".git ", ".git . .", ".git::$INDEX",
                 ".git\\x", ".g\u200cit", "\ufeff.git", ".git\u200e"):
        yield name, "an unsafe path"
    for name in ("a\x1b[2J", "a\nb", "tab\there", b"\xff\xfe", "c\u0085", b"\xed\xa0\x80", "del\x7f", ".git\u202e"):
        yield name, "a name with control characters or invalid UTF-8"
    yield "n" * 256, "a name that is too long"
    yield "a/b", "an unsafe path"
    yield "../evil", "an unsafe path"


def test_unsafe_names_are_refused_as_file_directory_symlink_and_inside(fetcher, repo):
    tried = 0
    file, inner = repo.blob("x"), repo.tree({"x": "1"})
    for name, what in names(repo):
        for mode, oid in (("100644", file), ("40000", inner), ("120000", file), ("160000", repo.first)):
            tree = repo.raw_tree([(mode, name, oid)])
            for outer in (tree, repo.raw_tree([("40000", "sub", tree)])):
                repo.commit(outer, branch="nasty")
                kind, sentence = fetcher.bad(url=repo.path, local_paths=repo.path.parent, revision="nasty")
                assert kind == "tree" and sentence.startswith(f"the tree has {what}: "), (name, sentence)
                tried += 1
    assert tried == 26 * 8


def test_an_empty_name_is_refused(fetcher, repo):
    repo.commit(repo.raw_tree([("100644", "", repo.blob("x"))]), branch="nasty")
    kind, sentence = fetcher.bad(url=repo.url, revision="nasty")
    assert kind in ("tree", "remote")


@pytest.mark.parametrize("entries", [
    ["a", "a"], ["b", "a"], ["a", "a/"], ["a", "a.b", "a/"], ["a", "a!", "a-x", "a/"], ["a/", "a/"], ["a/", "a.b"]])
def test_a_name_that_is_there_twice_is_refused(fetcher, repo, entries):
    file, inner = repo.blob("x"), repo.tree({"x": "1"})
    repo.commit(repo.raw_tree([("40000" if e.endswith("/") else "100644", e.rstrip("/"),
                                inner if e.endswith("/") else file) for e in entries]), branch="nasty")
    kind, sentence = fetcher.bad(url=repo.url, revision="nasty")
    assert kind == "tree" and "is there twice or out of order" in sentence


@pytest.mark.parametrize("target", ["", "a\0b", "a\nb", b"\xff", "l" * 4096])
def test_malformed_symlinks_are_refused(fetcher, repo, target):
    repo.commit({"link": (target, "120000")}, branch="nasty")
    kind, sentence = fetcher.bad(url=repo.url, revision="nasty")
    assert kind == "tree" and 'symlink "link"' in sentence


def test_a_path_longer_than_a_system_call_takes_is_refused(fetcher, repo):
    tree = repo.tree({"x": "1"})
    for _ in range(20):
        tree = repo.raw_tree([("40000", "d" * 250, tree)])
    repo.commit(tree, branch="nasty")
    kind, sentence = fetcher.bad(url=repo.url, revision="nasty")
    assert kind == "tree" and sentence.startswith("the tree has a path of more than 4095 bytes: ")


def children_seconds():
    """What the programs that have ended have used of a processor: other programs do not count."""
    return sum(os.times()[2:4])


def bomb(repo, leaf):
    """Ten levels of ten directories: ten thousand million leaves in eleven objects."""
    tree = leaf
    for _ in range(10):
        tree = repo.raw_tree([("40000", f"d{i}", tree) for i in range(10)])
    return repo.commit(tree, branch="bomb")


@pytest.mark.parametrize("leaf", [{"f0": "x"}, {}])
def test_a_tree_that_multiplies_itself_is_refused_at_the_limit(fetcher, repo, leaf):
    bomb(repo, repo.tree(leaf))
    fetcher.good(url=repo.url)
    before = children_seconds()
    kind, sentence = fetcher.bad("resolve", url=repo.url, revision="bomb", max_files=200_000)
    assert children_seconds() - before < (1 if "ASAN_OPTIONS" not in os.environ else 10)
    assert (kind, sentence) == ("limit", "the tree has more than 200000 files and directories")


def test_the_limits_are_exact(fetcher, repo):
    repo.commit({"a": {"b": {"c": "12345"}}, "d": "67890"})
    fetcher.good(url=repo.url, tree="no")
    good = dict(url=repo.url, max_files=4, max_bytes=10, max_depth=2)
    result = fetcher.good("resolve", **good)
    assert (result.answer["files"], result.answer["bytes"]) == ("2", "10")
    for key, sentence in [("max_files", "the tree has more than 3 files and directories"),
                          ("max_bytes", "the files of the tree are larger than 9 bytes together"),
                          ("max_depth", 'the tree has more than 1 directories inside one another: "a/b"')]:
        assert fetcher.bad("resolve", **{**good, key: good[key] - 1}) == ("limit", sentence)


def test_many_times_the_same_large_file_is_refused_without_reading_it(fetcher, repo):
    large = repo.blob(b"\0" * 10_000_000)
    repo.commit(repo.raw_tree([("100644", "f%04d" % i, large) for i in range(1000)]), branch="bomb")
    kind, sentence = fetcher.bad(url=repo.url, revision="bomb", max_bytes=2**31)
    assert (kind, sentence) == ("limit", "the files of the tree are larger than 2.0 GiB together")


@pytest.mark.parametrize("local", [False, True])
def test_a_repository_larger_than_the_limit_is_not_received(fetcher, repo, local):
    repo.commit({"noise": os.urandom(3_000_000)})
    kind, sentence = fetcher.bad(url=repo.path if local else repo.url, local_paths=repo.path.parent,
                                 max_bytes=1_000_000)
    assert kind == "limit" and sentence.startswith("the repository ")
    assert sum(p.stat().st_size for p in fetcher.cache.rglob("*") if p.is_file()) < 2_000_000
    assert fetcher.good(url=repo.url).commit


def test_a_disk_that_is_full_is_an_error_not_a_short_tree(fetcher, repo):
    repo.commit({"noise": os.urandom(3_000_000)})
    fetcher.good(url=repo.url, tree="no")
    limited = ("sh", "-c", 'ulimit -f 2000; exec "$0" "$@"', PROGRAM)  # blocks of 512 bytes
    result = fetcher.run("resolve", url=repo.url, command=limited)
    assert (result.code, result.kind, result.tar) == (1, "internal", b"")
    assert "File too large" in result.error


def test_a_mirror_without_room_is_an_error(fetcher, repo):
    repo.commit({"noise": os.urandom(3_000_000)})
    result = fetcher.run(url=repo.url, command=("sh", "-c", 'ulimit -f 2000; exec "$0" "$@"', PROGRAM))
    assert result.code == 1 and result.kind in ("internal", "limit")
    assert fetcher.good(url=repo.url).commit


# The mirror


def packs(fetcher):
    return sorted((fetcher.cache / "mirror.git/objects/pack").glob("*.pack"))


DAMAGE = {
    "no HEAD": lambda m: (m / "HEAD").unlink(),
    "empty HEAD": lambda m: (m / "HEAD").write_text(""),
    "no objects": lambda m: shutil.rmtree(m / "objects"),
    "no refs": lambda m: shutil.rmtree(m / "refs"),
    "bad config": lambda m: (m / "config").write_text("[[["),
    "empty reference": lambda m: (m / "refs/heads/main").write_text(""),
    "reference to nothing": lambda m: (m / "refs/heads/main").write_text("1" * 40 + "\n"),
    "index without its pack": lambda m: next((m / "objects/pack").glob("*.pack")).unlink(),
    "pack without its index": lambda m: next((m / "objects/pack").glob("*.idx")).unlink(),
    "empty pack": lambda m: next((m / "objects/pack").glob("*.pack")).write_bytes(b""),
    "zeroes in the pack": lambda m: (lambda p: p.write_bytes(p.read_bytes()[:12] + b"\0" * (p.stat().st_size - 12)))(
        next((m / "objects/pack").glob("*.pack"))),
    "zeroes in the index": lambda m: (lambda p: p.write_bytes(b"\0" * p.stat().st_size))(
        next((m / "objects/pack").glob("*.idx"))),
    "locks": lambda m: [(m / name).write_text("") for name in (
        "HEAD.lock", "config.lock", "packed-refs.lock", "refs/heads/main.lock", "refs/heads/new.lock")],
    "a file in its place": lambda m: (shutil.rmtree(m), m.write_text("")),
    "half made": lambda m: m.rename(m.parent / "mirror.new"),
    "half removed": lambda m: m.rename(m.parent / "mirror.old"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_mirror_is_cured_by_the_next_fetch(fetcher, repo, damage):
    fetcher.good(url=repo.url)
    for path in (fetcher.cache / "mirror.git").rglob("*"):
        path.chmod(path.stat().st_mode | 0o200)
    DAMAGE[damage](fetcher.cache / "mirror.git")
    new = repo.commit({"new": "1"}, branch="new", parent=repo.second)
    result = fetcher.good(url=repo.url)
    assert result.commit == repo.second and result.files() == git_contents(repo, repo.second)
    assert fetcher.good("resolve", url=repo.url, revision="new").commit == new
    assert {p.name for p in fetcher.cache.iterdir()} == {"lock", "mirror.git"}


def test_damage_that_a_reader_finds_is_cured_by_the_next_fetch(fetcher, repo):
    fetcher.good(url=repo.url)
    pack = packs(fetcher)[0]
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:12] + b"\0" * (pack.stat().st_size - 12))
    kind, sentence = fetcher.bad("resolve", url=repo.url)
    assert kind == "internal" and "the next fetch makes it again" in sentence
    assert fetcher.good(url=repo.url, tree="no").commit == repo.second
    assert fetcher.good("resolve", url=repo.url).files() == git_contents(repo, repo.second)


def test_a_repository_that_is_damaged_itself_is_an_error_and_no_loop(fetcher, repo):
    oid = repo.blob("to be lost")
    repo.commit({"a": "to be lost"})
    (repo.path / "objects" / oid[:2] / oid[2:]).unlink()
    for url in (repo.url, repo.path):
        kind, sentence = fetcher.bad(url=url, local_paths=repo.path.parent)
        assert kind == "remote" and sentence.startswith("the ")


@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize("name", ["pack", "idx"])
def test_bytes_that_are_damaged_anywhere_are_cured_at_once(fetcher, repo, name, local):
    chance = random.Random(name)
    url = repo.path if local else repo.url
    repo.second = repo.commit({"large": chance.randbytes(2000), "deep": {"index.html": "three"}}, parent=repo.second)
    for i in range(12):
        shutil.rmtree(fetcher.cache)
        fetcher.cache.mkdir()
        fetcher.good(url=url, local_paths=repo.path.parent)
        damaged = packs(fetcher)[0].with_suffix("." + name)
        damaged.chmod(0o600)
        data = bytearray(damaged.read_bytes())
        at = 12 + (len(data) - 12) * i // 12
        data[at:at + 25] = chance.randbytes(len(data[at:at + 25]))
        damaged.write_bytes(data)
        # What is new is a small change of what is there: the pack that comes is completed from the mirror.
        repo.second = repo.commit({"large": chance.randbytes(20) + repo.git("cat-file", "blob", "main:large", raw=True),
                                   "deep": {"index.html": f"four {i}"}}, parent=repo.second)
        result = fetcher.good(url=url, local_paths=repo.path.parent)
        assert result.commit == repo.second and result.files() == git_contents(repo, repo.second), at
        said = result.stderr.count("copy of the repository")
        assert said == (len(packs(fetcher)) == 1), (at, result.stderr)  # one line if it was made again


def away(repo, served):
    repo.path.rename(repo.path.with_suffix(".away"))


def lose_objects(repo, served):
    shutil.rmtree(repo.path / "objects")
    (repo.path / "objects").mkdir()


@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize("happens", [away, lose_objects])
@pytest.mark.parametrize("mark", [False, True])
def test_a_mirror_stays_until_there_is_another(fetcher, served, repo, happens, local, mark):
    url = repo.path if local else repo.url
    fetcher.good(url=url, local_paths=repo.path.parent)
    if mark:
        (fetcher.cache / "damaged").touch()
    repo.commit({"new": "1"}, parent=repo.second)
    happens(repo, served)
    kind, sentence = fetcher.bad(url=url, local_paths=repo.path.parent)
    assert kind == "remote"
    if happens == away and local:
        repo.path.with_suffix(".away").rename(repo.path)  # the path alone is checked for a reader too
    result = fetcher.good("resolve", url=url, local_paths=repo.path.parent, revision=repo.second)
    assert result.files() == git_contents_of_second(result)
    assert not (fetcher.cache / "mirror.new").exists()


def git_contents_of_second(result):
    return {"index.html": ("100644", b"two"), "link": ("120000", b"index.html")}


def test_a_mirror_with_too_many_packs_is_made_anew(fetcher, repo):
    fetcher.good(url=repo.url)
    parent = repo.second
    pack = packs(fetcher)[0]
    for i in range(101):
        for suffix in (".pack", ".idx"):
            name = "pack-%040x%s" % (i, suffix)
            (pack.parent / name).write_bytes(pack.with_suffix(suffix).read_bytes())
    assert len(packs(fetcher)) == 102
    result = fetcher.good(url=repo.url)
    assert result.files() == git_contents(repo, parent) and len(packs(fetcher)) == 1


def test_fetches_of_one_mirror_wait_for_one_another(tmp_path, fetcher, repo):
    others = []
    for i in range(4):
        (tmp_path / f"other-{i}").mkdir()
        other = Fetcher(tmp_path / f"other-{i}")
        other.environment["CACHE_DIRECTORY"] = str(fetcher.cache)
        others.append((other, other.start("fetch", {"url": repo.url})))
    for other, process in others:
        stderr = process.communicate()[1].decode()
        result = Result(process.returncode, other.ticket.read_text(), stderr, other.tar.read_bytes())
        assert result.code == 0 and result.files() == git_contents(repo, repo.second)


def test_killed_at_any_moment_the_next_fetch_works(fetcher, repo):
    chance = random.Random(17)
    noise = {"noise-%d" % i: chance.randbytes(20_000) for i in range(20)}
    parent = repo.commit(noise, parent=repo.second)
    start = time.monotonic()
    fetcher.good(url=repo.url)
    whole = time.monotonic() - start
    killed = 0
    for n in range(60):
        noise["noise-%d" % (n % 20)] = chance.randbytes(20_000)
        parent = repo.commit(noise, parent=parent)
        if n % 2:
            repo.git("update-ref", f"refs/heads/branch-{n}", parent)
        process = fetcher.start("fetch", {"url": repo.url})
        try:
            process.wait(chance.uniform(0, whole))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.communicate()
        if n % 3 == 0:
            result = fetcher.good(url=repo.url)
            assert result.commit == parent and result.files() == git_contents(repo, parent)
    assert killed > 20
    assert fetcher.good(url=repo.url).commit == parent
    leftovers = [p for p in fetcher.cache.rglob("*") if p.name.endswith(".lock") or "_git2_" in p.name]
    assert leftovers == []


# The surroundings


def test_progress_is_said_to_systemd(fetcher, tmp_path, repo):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        assert fetcher.run(url=repo.url, env={"NOTIFY_SOCKET": str(tmp_path / "notify")}).code == 0
        listener.setblocking(False)
        said = []
        while True:
            try:
                said.append(listener.recv(1000).decode())
            except BlockingIOError:
                break
    assert said[0] == "STATUS=connecting" and all(text.startswith("STATUS=") for text in said)
    assert "STATUS=writing 2 files (13 bytes)" in said


def test_one_file_is_not_some_files(fetcher, repo):
    repo.commit({"Procfile": "web: true\n"})
    assert "has 1 file (10 bytes)." in fetcher.good(url=repo.url).stderr


def test_nobodys_configuration_is_read(fetcher, tmp_path, repo):
    (tmp_path / ".gitconfig").write_text(f'[url "http://127.0.0.1:9/"]\n\tinsteadOf = {repo.url}\n'
                                         "[http]\n\tproxy = http://127.0.0.1:9\n")
    variables = {"GIT_DIR": "/nonexistent", "GIT_SSL_NO_VERIFY": "1"}
    assert fetcher.run(url=repo.url, env={"HOME": str(tmp_path), **variables}).code == 0


@pytest.mark.parametrize("key, value", [("max-bytes", ""), ("max-files", "-1"), ("max-depth", "9999"), ("tree", "maybe"),
                                        ("max-bytes", "1e9")])
def test_a_malformed_request_is_named(fetcher, repo, key, value):
    assert fetcher.bad(url=repo.url, **{key: value}) == ("internal", f"the request has no valid {key}")


def test_a_ticket_without_a_whole_request_is_an_error(fetcher):
    ticket = fetcher.path / "ticket"
    for text in ("", "url=x\n", "nonsense\n\n", "url=x\nurl=y\n\n"):
        ticket.write_text(text)
        with open(ticket, "r+") as file:
            process = subprocess.run([PROGRAM, "fetch"], stdin=file, stdout=subprocess.DEVNULL, capture_output=False,
                                     stderr=subprocess.PIPE, env=fetcher.environment)
        assert process.returncode == 1 and b"cannot read the request" in process.stderr


def test_usage_is_said(fetcher):
    for arguments in ([], ["frobnicate"], ["fetch", "x"]):
        process = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)
        assert process.returncode == 1 and process.stderr == "Usage: deployd-fetch fetch|resolve|key\n"
