select o.id, o.bucket, o.key, o.etag, o.size, x.whole_key
from erasure_object x join media_object o on o.id = x.media_object_id
where x.erasure_id = %(id)s
order by o.id
