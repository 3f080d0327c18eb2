"""deploy.sh against a bare repository on disk: what arrives there, and what stays untouched here."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".github/scripts/deploy.sh"
# Without the caller's git: a hook's GIT_DIR, or a person's signing key, would leak into the test.
ENV = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(repository: Path, *arguments: str) -> str:
    ann = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    command = ["git", "-C", str(repository), *ann, *arguments]
    return subprocess.run(command, env=ENV, check=True, capture_output=True, text=True).stdout.strip()


def deploy(clone: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *arguments], cwd=clone, env=ENV | env, capture_output=True, text=True)


def blob(repository: Path, name: str) -> bytes:
    command = ["git", "-C", str(repository), "cat-file", "blob", name]
    return subprocess.run(command, env=ENV, check=True, capture_output=True).stdout


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    path = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", path], env=ENV, check=True)
    return path


@pytest.fixture
def clone(tmp_path: Path, remote: Path) -> Path:
    """A clone with two commits on main, a staged and an unstaged change, and an ignored warehouse."""
    path = tmp_path / "clone"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", path], env=ENV, check=True)
    git(path, "remote", "add", "origin", str(remote))
    for number in (1, 2):
        (path / "app").mkdir(exist_ok=True)
        (path / "app/page.py").write_text(f"page = {number}\n")
        (path / ".gitignore").write_text("/warehouse.duckdb*\n")
        git(path, "add", "--all")
        git(path, "commit", "--quiet", "--message", f"Page {number}")
    git(path, "push", "--quiet", "origin", "main")
    (path / "staged.py").write_text("staged = True\n")
    git(path, "add", "staged.py")
    (path / "app/page.py").write_text("page = 'being edited'\n")
    # Bytes that a text conversion would change.
    (path / "warehouse.duckdb").write_bytes(b"DUCK\r\n\x00\xff" * 1000)
    return path


def here(clone: Path) -> list[str]:
    """Everything a deploy must leave alone: current branch, work tree, index, all branches and tags."""
    questions = "status --porcelain --branch", "diff", "ls-files --stage", "show-ref --heads --tags"
    return [git(clone, *question.split()) for question in questions]


def test_first_deploy_is_mains_tree_plus_the_warehouse(clone: Path, remote: Path) -> None:
    result = deploy(clone)
    assert result.returncode == 0, result.stderr
    deployed = set(git(remote, "ls-tree", "-r", "deploy").splitlines())
    main = set(git(remote, "ls-tree", "-r", "main").splitlines())
    assert main < deployed
    (added,) = deployed - main
    assert added.startswith("100644 blob")
    assert added.endswith("\twarehouse.duckdb")
    assert blob(remote, "deploy:warehouse.duckdb") == (clone / "warehouse.duckdb").read_bytes()


def test_second_deploy_replaces_the_commit(clone: Path, remote: Path) -> None:
    deploy(clone)
    (clone / "warehouse.duckdb").write_bytes(b"newer")
    assert deploy(clone).returncode == 0
    assert git(remote, "rev-list", "--count", "deploy") == "1"
    assert blob(remote, "deploy:warehouse.duckdb") == b"newer"


def test_work_tree_index_and_history_stay(clone: Path, remote: Path) -> None:
    before, main = here(clone), git(remote, "rev-parse", "main")
    assert deploy(clone).returncode == 0
    assert here(clone) == before
    assert git(remote, "rev-parse", "main") == main
    assert git(remote, "branch", "--format=%(refname:short)").split() == ["deploy", "main"]


def test_commit_says_date_and_source(clone: Path, remote: Path) -> None:
    os.utime(clone / "warehouse.duckdb", (0, 0))
    deploy(clone)
    sha = git(clone, "rev-parse", "--short", "HEAD")
    subject, author = git(remote, "log", "-1", "--format=%s%n%an", "deploy").splitlines()
    assert subject == f"Warehouse of 1970-01-01 00:00 UTC with main at {sha}"
    assert author == "github-actions[bot]"


def test_commit_takes_the_callers_identity(clone: Path, remote: Path) -> None:
    deploy(clone, GIT_AUTHOR_NAME="Ann", GIT_AUTHOR_EMAIL="ann@example.org")
    assert git(remote, "log", "-1", "--format=%an %ae %cn", "deploy") == "Ann ann@example.org Ann"


def test_deploys_from_a_shallow_clone_and_another_folder(clone: Path, remote: Path, tmp_path: Path) -> None:
    """As a workflow has it: one commit deep, the warehouse of another name elsewhere."""
    shallow = tmp_path / "shallow"
    source = ["--branch=main", remote.as_uri(), str(shallow)]
    subprocess.run(["git", "clone", "--quiet", "--depth=1", *source], env=ENV, check=True)
    warehouse = (clone / "warehouse.duckdb").rename(tmp_path / "built.duckdb")
    result = deploy(shallow / "app", REMOTE="origin", BRANCH="live", WAREHOUSE_PATH=str(warehouse))
    assert result.returncode == 0, result.stderr
    names = git(remote, "ls-tree", "-r", "--name-only", "live").split()
    assert names == [".gitignore", "app/page.py", "warehouse.duckdb"]
    assert blob(remote, "live:warehouse.duckdb") == warehouse.read_bytes()


def missing(warehouse: Path) -> None:
    warehouse.unlink()


def empty(warehouse: Path) -> None:
    warehouse.write_bytes(b"")


def unfinished(warehouse: Path) -> None:
    warehouse.with_name("warehouse.duckdb.wal").write_bytes(b"wal")


def too_large(warehouse: Path) -> None:
    os.truncate(warehouse, 100 * 1024**2 + 1)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(missing, "make refresh"), (empty, "make refresh"), (unfinished, ".wal"), (too_large, "full refresh")],
)
def test_refuses_in_one_line(clone: Path, remote: Path, spoil: Callable[[Path], None], reason: str) -> None:
    spoil(clone / "warehouse.duckdb")
    result = deploy(clone)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert reason in result.stderr
    assert "deploy" not in git(remote, "branch", "--list")


@pytest.mark.parametrize("branch", ["main", "feature"])
def test_refuses_to_replace_a_branch_people_work_on(clone: Path, remote: Path, branch: str) -> None:
    git(clone, "checkout", "--quiet", "-b", "feature")
    result = deploy(clone, "origin", branch)
    assert result.returncode == 1
    assert f"'{branch}'" in result.stderr
    assert git(remote, "rev-list", "--count", "main") == "2"
