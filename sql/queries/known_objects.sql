-- The objects of a page that are in the ledger and not gone. One statement per page; it uses the index
-- media_object_identity for any size of the ledger.
-- `again`: written again with the same content. A second of tolerance, because the Last-Modified header has no fractions.
select v.n, v.last_modified >= o.last_modified + interval '1 second' as again
from unnest(%(numbers)s::int[], %(buckets)s::text[], %(keys)s::text[], %(etags)s::text[], %(dates)s::timestamptz[])
    as v (n, bucket, key, etag, last_modified)
join media_object o on (o.bucket, o.key, o.etag) = (v.bucket, v.key, v.etag)
where o.state <> 'gone'
