"""SQS on loopback: ElasticMQ, with the queue that announces uploads. It takes any credentials: loopback only."""

from __future__ import annotations

from local.account import make_folder, write_private
from local.downloads import elasticmq_jars
from local.environment import HOST, QUEUE_ACCOUNT, REGION
from local.http import request
from local.java import java_home
from local.process import Launch, Running
from local.server import Server
from local.settings import DEAD_LETTER_QUEUE, EVENTS_QUEUE

_HEAP = "128m"
# Timers tick every 10 ms by default, half of what an idle server costs; messages are delivered without them.
# What nobody could deal with after so many tries is set aside, as one would have it on AWS.
_CONFIG = """
include classpath("application.conf")
node-address {{ protocol = http, host = "{host}", port = {port}, context-path = "" }}
rest-sqs {{ enabled = true, bind-port = {port}, bind-hostname = "{host}", sqs-limits = strict }}
rest-stats {{ enabled = false }}
aws {{ region = "{region}", accountId = "{account}" }}
pekko {{ scheduler {{ tick-duration = 100 ms }} }}
messages-storage {{ enabled = true, driver-class = "org.h2.Driver", uri = "jdbc:h2:{folder}/messages", username = "sa", password = "" }}
queues {{
  {queue} {{ defaultVisibilityTimeout = 300 seconds, deadLettersQueue {{ name = "{dead}", maxReceiveCount = 10 }} }}
  {dead} {{ }}
}}
"""  # noqa: E501 - a file of its own form


class Sqs(Server):
    """ElasticMQ keeps its messages on disk, so that a restart loses none."""

    name = "sqs"
    port_name = "sqs"

    def prepare(self) -> Launch:
        """Configuration is written anew at each start; messages stay."""
        account = self.site.settings.account
        java, jars = java_home(), elasticmq_jars(self.site)
        folder = make_folder(self.site.settings.data / "sqs", account)
        path = folder / "elasticmq.conf"
        names = {"queue": EVENTS_QUEUE, "dead": DEAD_LETTER_QUEUE, "account": QUEUE_ACCOUNT, "region": REGION}
        write_private(path, _CONFIG.format(host=HOST, port=self.port, folder=folder, **names), account)
        argv = [str(java / "bin" / "java"), f"-Xmx{_HEAP}", f"-Dconfig.file={path}", "-cp", f"{jars}/*"]
        return Launch(
            [*argv, "org.elasticmq.server.Main"], {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, folder, account
        )

    def healthy(self, running: Running) -> bool:
        """It knows the queue."""
        url = f"http://{HOST}:{self.port}/?Action=GetQueueUrl&QueueName={EVENTS_QUEUE}"
        return request(url)[0] == 200
