-- Which of a page of objects need nothing: they are in the ledger, and not as gone. One statement a page, by the index
-- of media_object_identity, whatever the size of the ledger.
select v.n
from unnest(%(numbers)s::int[], %(buckets)s::text[], %(keys)s::text[], %(etags)s::text[]) as v (n, bucket, key, etag)
join media_object o on (o.bucket, o.key, o.etag) = (v.bucket, v.key, v.etag)
where o.state <> 'gone'
