-- What the ledger says of a page of objects: number in the page, state, and the length where it is known.
-- One statement a page, by the index of media_object_identity.
select v.n, o.state, r.duration_s
from unnest(%(numbers)s::int[], %(buckets)s::text[], %(keys)s::text[], %(etags)s::text[]) as v (n, bucket, key, etag)
join media_object o on (o.bucket, o.key, o.etag) = (v.bucket, v.key, v.etag)
left join recording r on r.audio_sha256 = o.audio_sha256
