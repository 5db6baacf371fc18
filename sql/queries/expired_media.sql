-- Objects that came to an end, are older than their source keeps them, and lie in the bucket still.
select id, bucket, key, etag, size, false as whole_key
from media_object
where source = %(source)s
  and state in ('indexed', 'in_review', 'duplicate', 'quarantined')
  and media_removed_at is null
  and last_modified < %(before)s
  and id > %(after)s
order by id
limit %(limit)s
