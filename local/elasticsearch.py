"""Elasticsearch on the loopback address only: the bundle has no security, so it checks no passwords."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from local import install
from local.account import give, make_folder
from local.downloads import elasticsearch_home
from local.environment import HOST
from local.http import request
from local.java import java_home
from local.process import Launch, Running
from local.server import Server
from local.site import ServerError

HEAP = "512m"


class Elasticsearch(Server):
    """One node: the distribution in ELASTICSEARCH_HOME if it is set, else the cached one."""

    name = "elasticsearch"
    port_name = "elasticsearch"

    def prepare(self) -> Launch:
        """Write the configuration again at each start; data is kept."""
        account = self.site.settings.account
        java = java_home()
        home = self._home()
        folder = make_folder(self.site.settings.data / "elasticsearch", account)
        for name in ("data", "logs", "repository", "tmp"):
            make_folder(folder / name, account)
        config = self._configure(home, folder)
        environment = {
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "ES_JAVA_HOME": str(java),
            "ES_PATH_CONF": str(config),
            "ES_TMPDIR": str(folder / "tmp"),
        }
        return Launch([str(home / "bin" / "elasticsearch")], environment, folder, account)

    def healthy(self, running: Running) -> bool:
        """Whether its shards can be read and written."""
        status, answer = request(f"http://{HOST}:{self.port}/_cluster/health")
        return status == 200 and answer["status"] in ("yellow", "green")

    def ready(self) -> None:
        """Load the index templates."""
        install.search(self.site)

    def _home(self) -> Path:
        home = os.environ.get("ELASTICSEARCH_HOME")
        if not home:
            return elasticsearch_home(self.site)
        if not (Path(home) / "bin" / "elasticsearch").exists():
            raise ServerError(f"ELASTICSEARCH_HOME={home} has no bin/elasticsearch. Correct it, or unset it.")
        return Path(home)

    def _configure(self, home: Path, folder: Path) -> Path:
        config = folder / "config"
        shutil.rmtree(config, ignore_errors=True)
        shutil.copytree(home / "config", config)
        (config / "jvm.options.d").mkdir(exist_ok=True)
        (config / "jvm.options.d" / "heap.options").write_text(f"-Xms{HEAP}\n-Xmx{HEAP}\n")
        settings = {
            "cluster.name": "mediaindex-local",
            "node.name": "local",
            "path.data": folder / "data",
            "path.logs": folder / "logs",
            "path.repo": folder / "repository",
            "network.host": HOST,
            "http.port": self.port,
            "discovery.type": "single-node",
            "xpack.security.enabled": "false",
            # Otherwise a nearly full disk makes indexes read-only.
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
        lines = [f"{key}: {value}" for key, value in settings.items()]
        (config / "elasticsearch.yml").write_text("\n".join(lines) + "\n")
        for path in (config, *config.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
            give(path, self.site.settings.account)
        return config
