"""S3 on loopback: S3Proxy over a folder, with signed requests only."""

from __future__ import annotations

from local import install
from local.account import make_folder, write_private
from local.downloads import s3proxy_jar
from local.environment import HOST
from local.http import request
from local.java import java_home
from local.process import Launch, Running
from local.server import Server


class S3(Server):
    """S3Proxy knows no versions, tags, lifecycle or notifications; nothing here relies on them."""

    name = "s3"
    port_name = "s3"

    def prepare(self) -> Launch:
        """The properties file holds the secret, so it belongs to the server's user alone."""
        account = self.site.settings.account
        java, jar = java_home(), s3proxy_jar(self.site)
        folder = make_folder(self.site.settings.data / "s3", account)
        make_folder(folder / "data", account)
        properties = {
            "s3proxy.authorization": "aws-v2-or-v4",
            "s3proxy.endpoint": f"http://{HOST}:{self.port}",
            "s3proxy.identity": self.site.credentials.s3_access_key,
            "s3proxy.credential": self.site.credentials.s3_secret_key,
            "s3proxy.ignore-unknown-headers": "true",
            "jclouds.provider": "filesystem-nio2",
            "jclouds.filesystem.basedir": folder / "data",
        }
        path = folder / "s3proxy.properties"
        write_private(path, "".join(f"{key}={value}\n" for key, value in properties.items()), account)
        argv = [str(java / "bin" / "java"), "-Xmx256m", "-jar", str(jar), "--properties", str(path)]
        # Without a UTF-8 locale Java cannot write a file whose name has an umlaut: every such key would be refused.
        return Launch(argv, {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, folder, account)

    def healthy(self, running: Running) -> bool:
        """It refuses a stranger."""
        return request(f"http://{HOST}:{self.port}/")[0] == 403

    def ready(self) -> None:
        """Our buckets exist."""
        install.buckets(self.site)
