#!/usr/bin/env bash
# Publishes the current commit's tree plus the fresh warehouse as ONE commit on a branch of its own.
#
#   .github/scripts/deploy.sh [REMOTE] [BRANCH]      or the same names as environment variables
#
#   REMOTE          where to push                      (origin)
#   BRANCH          the branch that is replaced        (deploy)
#   WAREHOUSE_PATH  the file to publish, seen from the repository's root   (warehouse.duckdb)
#
# The commit has no parent and is pushed by force: the remote keeps one warehouse, not one per night, and
# main's history stays free of binaries. Work tree, index and current branch are not touched.
set -euo pipefail

refuse() {
  echo "deploy: $1" >&2
  exit 1
}

remote=${1:-${REMOTE:-origin}}
branch=${2:-${BRANCH:-deploy}}
warehouse=${WAREHOUSE_PATH:-warehouse.duckdb}
largest=$((100 * 1024 * 1024)) # GitHub takes no larger file

root=$(git rev-parse --show-toplevel)
cd "$root"

# A slip in BRANCH would replace a history by one commit.
if [[ $branch == main || $branch == "$(git branch --show-current)" ]]; then
  refuse "'$branch' is a branch people work on; choose one that may be replaced"
fi
[[ -s $warehouse ]] || refuse "there is no warehouse at $warehouse; run 'make refresh' first"
# Beside a write-ahead log the file alone is not the whole database.
[[ ! -e $warehouse.wal ]] || refuse "$warehouse.wal shows an unfinished write; close whatever writes, then run 'make refresh'"
size=$(wc -c < "$warehouse")
((size <= largest)) || refuse "$warehouse has $((size / 1024 / 1024)) MB and GitHub takes 100 at most;\
 rebuild it with a full refresh, or serve it from a volume instead of a branch"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export GIT_INDEX_FILE=$scratch/index

# Unless the caller says otherwise, the commit is a machine's.
export GIT_AUTHOR_NAME=${GIT_AUTHOR_NAME:-github-actions[bot]}
export GIT_AUTHOR_EMAIL=${GIT_AUTHOR_EMAIL:-41898282+github-actions[bot]@users.noreply.github.com}
export GIT_COMMITTER_NAME=${GIT_COMMITTER_NAME:-$GIT_AUTHOR_NAME}
export GIT_COMMITTER_EMAIL=${GIT_COMMITTER_EMAIL:-$GIT_AUTHOR_EMAIL}

built_at=$(date -u -r "$warehouse" '+%Y-%m-%d %H:%M UTC')
source=$(git rev-parse --short HEAD)

git read-tree HEAD
blob=$(git hash-object -w --no-filters "$warehouse")
git update-index --add --cacheinfo "100644,$blob,warehouse.duckdb"
tree=$(git write-tree)
commit=$(git commit-tree "$tree" -m "Warehouse of $built_at with main at $source")

git push --quiet --force "$remote" "$commit:refs/heads/$branch"
echo "deployed the warehouse of $built_at with main at $source to branch '$branch'"
