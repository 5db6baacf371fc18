"""Sessions of boto3: credentials, profile, role and verification of certificates, for S3 and SQS alike."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from mediaindex.errors import ConfigError

if TYPE_CHECKING:
    from boto3.session import Session

_ARGUMENTS = {
    "aws_access_key_id": "AWS_ACCESS_KEY_ID",
    "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "aws_session_token": "AWS_SESSION_TOKEN",
    "region_name": "AWS_DEFAULT_REGION",
}
ROLE_SESSION = "mediaindex"  # the name of the session in CloudTrail, if the connection gives none


class SessionOptions(BaseModel):
    """What the standard variables cannot say. ``verify``: False, or the path of a file with certificates."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    profile_name: str | None = None
    role_arn: str | None = None
    assume_role_kwargs: dict[str, Any] = Field(default_factory=dict)
    verify: bool | str = True
    sts_endpoint_url: str | None = None

    @classmethod
    def read(cls, text: SecretStr | None) -> SessionOptions:
        """The options in a variable. Raises ConfigError if they are invalid."""
        try:
            return cls.model_validate_json(text.get_secret_value()) if text else cls()
        except ValidationError as error:
            raise ConfigError(f"the options of the AWS session are invalid: {error}") from None

    @property
    def trust(self) -> dict[str, Any]:
        """Arguments of a client. Without ``verify`` botocore follows AWS_CA_BUNDLE."""
        return {} if self.verify is True else {"verify": self.verify}


def open_session(variables: Mapping[str, str], options: SessionOptions) -> Session:
    """A session with the credentials of ``variables``, else as boto3 finds them; with a role, renewed when they expire.

    Raises ConfigError for an unknown profile.
    """
    import boto3
    from botocore.exceptions import ProfileNotFound

    arguments = {name: variables[variable] for name, variable in _ARGUMENTS.items() if variables.get(variable)}
    try:
        session = boto3.session.Session(profile_name=options.profile_name, **arguments)  # type: ignore[arg-type]
    except ProfileNotFound as error:
        raise ConfigError(f"{error}; correct profile_name, or set AWS_CONFIG_FILE to the file that has it") from error
    return _assumed(session, options) if options.role_arn else session


def _assumed(basic: Session, options: SessionOptions) -> Session:
    import boto3
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    from botocore.exceptions import NoCredentialsError
    from botocore.session import get_session

    source = basic.get_credentials()
    if source is None:
        raise NoCredentialsError
    core: Any = get_session()
    create = partial(
        core.create_client,
        region_name=basic.region_name or "us-east-1",
        endpoint_url=options.sts_endpoint_url,
        **options.trust,
    )
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=create,
        source_credentials=source,
        role_arn=str(options.role_arn),
        extra_args={"RoleSessionName": ROLE_SESSION} | options.assume_role_kwargs,
    )
    # As botocore sets them for a profile with a role: they are fetched at the first request, and renewed.
    core._credentials = DeferredRefreshableCredentials(method="assume-role", refresh_using=fetcher.fetch_credentials)
    return boto3.session.Session(botocore_session=core, region_name=basic.region_name)
