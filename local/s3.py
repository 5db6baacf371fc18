"""S3 on the loopback address: S3Proxy with a folder as storage; requests must be signed."""

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
    """S3Proxy, which has no versions, tags, lifecycle rules or notifications; none of them is needed here."""

    name = "s3"
    port_name = "s3"

    def prepare(self) -> Launch:
        """Write the properties file, which only the server's user can read because it has the secret key."""
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
        # Without a UTF-8 locale Java cannot create files with other than ASCII names, so such keys would fail.
        return Launch(argv, {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, folder, account)

    def healthy(self, running: Running) -> bool:
        """Whether it rejects an unsigned request."""
        return request(f"http://{HOST}:{self.port}/")[0] == 403

    def ready(self) -> None:
        """Create the buckets."""
        install.buckets(self.site)
