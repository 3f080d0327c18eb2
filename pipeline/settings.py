"""Where things are: the project, its data, its warehouse. The environment may move the last two."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT = ROOT / "analytics_dbt"


def data_dir() -> Path:
    """The folder of the input files: `DATA_DIR`, default `data`; a relative path counts from the project."""
    return ROOT / os.environ.get("DATA_DIR", "data")


def warehouse_path() -> Path:
    """The published warehouse: `WAREHOUSE_PATH`, default `warehouse.duckdb`, counted likewise."""
    return ROOT / os.environ.get("WAREHOUSE_PATH", "warehouse.duckdb")


@dataclass(frozen=True)
class Workshop:
    """The folder beside a warehouse in which new versions are built and old ones kept."""

    warehouse: Path

    @property
    def folder(self) -> Path:
        return self.warehouse.parent / f".{self.warehouse.stem}"

    @property
    def lock(self) -> Path:
        return self.folder / "refresh.lock"

    @property
    def build(self) -> Path:
        """Folder of the build under way; the new file in it has the published file's name."""
        return self.folder / "build"

    @property
    def new_warehouse(self) -> Path:
        return self.build / self.warehouse.name

    @property
    def versions(self) -> Path:
        """Folder of the versions published before, one file each, named by refresh id."""
        return self.folder / "versions"
