"""The fields of Airflow's connections that mediaindex understands; others are refused instead of passed over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from mediaindex.errors import ConfigError

if TYPE_CHECKING:
    from airflow.sdk import Connection

SCHEMES = ("http", "https")
ELASTICSEARCH_PORT, HTTPS_PORT = 9200, 443


def _bool_or_path(value: Any) -> Any:
    """A connection that is written as a URI has only text."""
    known = {"true": True, "1": True, "false": False, "0": False}
    return known.get(value.strip().lower(), value) if isinstance(value, str) else value


HttpUrl = Annotated[str, Field(pattern=r"^https?://[!-~]+$")]
Switch = Annotated[bool, BeforeValidator(_bool_or_path)]


class _Extra(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ServiceConfig(_Extra):
    """``service_config`` of one service."""

    endpoint_url: HttpUrl | None = None


class RoleArguments(_Extra):
    """``assume_role_kwargs``: arguments of STS AssumeRole."""

    ExternalId: str | None = None
    RoleSessionName: str | None = None
    DurationSeconds: Annotated[int, Field(ge=900, le=43_200)] | None = None
    SourceIdentity: str | None = None
    Policy: str | None = None
    PolicyArns: list[dict[str, str]] | None = None
    Tags: list[dict[str, str]] | None = None
    TransitiveTagKeys: list[str] | None = None


class AwsExtra(_Extra):
    """The extra of a connection to S3 or SQS, as Airflow's provider names its fields."""

    region_name: str | None = None
    endpoint_url: HttpUrl | None = None
    aws_access_key_id: str | None = None
    aws_secret_access_key: SecretStr | None = None
    aws_session_token: SecretStr | None = None
    profile_name: str | None = None
    role_arn: Annotated[str, Field(pattern=r"^arn:[^:]+:iam::[0-9]*:role/.+")] | None = None
    # Web identity needs no field: without credentials boto3 uses AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE.
    assume_role_method: Literal["assume_role"] = "assume_role"
    assume_role_kwargs: RoleArguments = RoleArguments()
    verify: Annotated[bool | str, BeforeValidator(_bool_or_path)] = True
    # Other services of a connection that is shared do not concern us.
    service_config: dict[str, Any] = Field(default_factory=dict)

    def credentials(self, login: str | None, password: str | None) -> tuple[str | None, str | None, str | None]:
        """Key, secret and token: of the login, else of the extra."""
        token = self.aws_session_token.get_secret_value() if self.aws_session_token else None
        if login and password:
            return login, password, token
        secret = self.aws_secret_access_key.get_secret_value() if self.aws_secret_access_key else None
        return self.aws_access_key_id, secret, token

    def endpoint(self, service: str) -> str | None:
        """The endpoint of the service, else the one of all services."""
        return self._service(service).endpoint_url or self.endpoint_url

    def session_options(self) -> str | None:
        """``storage.session.SessionOptions`` as JSON; None if all are defaults."""
        options = {
            "profile_name": self.profile_name,
            "role_arn": self.role_arn,
            "assume_role_kwargs": self.assume_role_kwargs.model_dump(exclude_none=True) if self.role_arn else {},
            "verify": None if self.verify is True else self.verify,
            # As in Airflow's provider: endpoint_url is not meant for STS.
            "sts_endpoint_url": self._service("sts").endpoint_url,
        }
        given = {name: value for name, value in options.items() if value not in (None, {})}
        return json.dumps(given) if given else None

    def _service(self, name: str) -> ServiceConfig:
        return ServiceConfig.model_validate(self.service_config.get(name, {}))


class SearchExtra(_Extra):
    """The extra of the connection to Elasticsearch."""

    api_key: SecretStr | None = None
    ca_certs: str | None = None
    verify_certs: Switch = True


Model = TypeVar("Model", bound=_Extra)


def parsed(model: type[Model], name: str, extra: Mapping[str, Any]) -> Model:
    """The extra of the connection ``name``. Raises ConfigError with every field that is unknown or invalid."""
    try:
        checked = model.model_validate(extra)
        if isinstance(checked, AwsExtra):
            for service in ("s3", "sqs", "sts"):
                checked.endpoint(service)
    except ValidationError as error:
        faults = "; ".join(_fault(part, model) for part in error.errors(include_input=False, include_url=False))
        raise ConfigError(f"the Airflow connection {name}: {faults}") from None
    return checked


def _fault(part: Any, model: type[_Extra]) -> str:
    field = ".".join(map(str, part["loc"]))
    if part["type"] == "extra_forbidden":
        return f"unknown field {field!r} in its extra; valid fields: {', '.join(sorted(model.model_fields))}"
    return f"the field {field!r} in its extra is invalid: {part['msg'][:1].lower()}{part['msg'][1:]}"


def refuse_host(name: str, connection: Connection) -> None:
    """Raises ConfigError if an AWS connection has a host, which Airflow and boto3 ignore."""
    given = [field for field in ("host", "port", "schema") if getattr(connection, field)]
    if given:
        raise ConfigError(
            f"the Airflow connection {name} has a {' and a '.join(given)}, which AWS connections do not use; write the "
            "address as endpoint_url in its extra"
        )


def search_url(name: str, connection: Connection, login: str) -> str:
    """URL of Elasticsearch, by host, port, schema and type of the connection.

    The scheme is that of the host, of the schema field or of the type; another schema is a path. The port of an address
    that is written with https:// is 443, otherwise 9200.
    """
    host, schema = connection.host or "", connection.schema or ""
    written = urlsplit(host if "://" in host else f"//{host}")
    try:
        port = connection.port or written.port
    except ValueError:
        raise ConfigError(f"the Airflow connection {name}: the port in its host {host!r} is not a number") from None
    if not written.hostname or written.username or written.query or written.fragment:
        raise ConfigError(f"the Airflow connection {name}: its host {host!r} is not the name of a server; correct it")
    schemes = {scheme for scheme in (written.scheme, schema) if scheme in SCHEMES}
    if len(schemes) > 1 or written.scheme not in ("", *SCHEMES):
        raise ConfigError(f"the Airflow connection {name}: host {host!r} and schema {schema!r} disagree; correct one")
    is_url = connection.conn_type in SCHEMES
    if schema not in ("", *SCHEMES) and not is_url:
        raise ConfigError(f"the Airflow connection {name}: the schema {schema!r} is unknown; write http or https")
    scheme = next(iter(schemes), connection.conn_type if is_url else "http")
    as_url = written.scheme == "https" or (connection.conn_type == "https" and not written.scheme)
    port = port or (HTTPS_PORT if as_url else ELASTICSEARCH_PORT)
    path = written.path if schema in ("", *SCHEMES) else f"/{schema}"
    name_of_host = f"[{written.hostname}]" if ":" in written.hostname else written.hostname
    return f"{scheme}://{login}{name_of_host}:{port}{path.rstrip('/')}"
