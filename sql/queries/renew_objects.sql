-- Objects of a page that were written again with the same content: the ledger takes their new date, and an object that
-- retention had deleted exists again.
with again as (
    select o.id, v.version_id, v.last_modified
    from unnest(%(buckets)s::text[], %(keys)s::text[], %(etags)s::text[], %(versions)s::text[], %(dates)s::timestamptz[])
        as v (bucket, key, etag, version_id, last_modified)
    join media_object o on (o.bucket, o.key, o.etag) = (v.bucket, v.key, v.etag)
    where o.state <> 'gone' and v.last_modified > o.last_modified
    order by o.id
    for no key update of o skip locked
)
update media_object o
set last_modified = again.last_modified, version_id = again.version_id, media_removed_at = null
from again
where o.id = again.id
