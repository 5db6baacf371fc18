insert into media_object (source, bucket, key, etag, version_id, size, last_modified, lane)
values %s
on conflict on constraint media_object_identity do nothing
returning id, source, bucket, key, etag, version_id, size, state, reason_code, reason, audio_sha256, reason_class, attempts, not_before
