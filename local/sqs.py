"""SQS on the loopback address only: ElasticMQ, which accepts any credentials, with the queue for announcements."""

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
# By default timers tick every 10 ms, half of the CPU time of an idle server; messages are delivered without them.
# After 10 receptions a message moves to the dead-letter queue, as is usual on AWS.
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
"""  # noqa: E501 - lines of ElasticMQ's configuration


class Sqs(Server):
    """ElasticMQ, with messages on disk, so that they survive a restart."""

    name = "sqs"
    port_name = "sqs"

    def prepare(self) -> Launch:
        """Write the configuration again at each start; messages are kept."""
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
        """Whether it has the queue."""
        url = f"http://{HOST}:{self.port}/?Action=GetQueueUrl&QueueName={EVENTS_QUEUE}"
        return request(url)[0] == 200
