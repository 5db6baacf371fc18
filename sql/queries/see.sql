insert into media_object (source, bucket, key, etag, version_id, size, last_modified, state)
values %s
on conflict on constraint media_object_identity do nothing
returning id
