-- The objects of a page that are in the ledger and not gone. One statement per page; it uses the index
-- media_object_identity for any size of the ledger.
select v.n
from unnest(%(numbers)s::int[], %(buckets)s::text[], %(keys)s::text[], %(etags)s::text[]) as v (n, bucket, key, etag)
join media_object o on (o.bucket, o.key, o.etag) = (v.bucket, v.key, v.etag)
where o.state <> 'gone'
