-- Objects that should be in a bucket, and erased ones that should not, in S3's order of keys.
select id, bucket, key, etag, state, state = 'gone' as erased from media_object
where bucket = %(bucket)s
  and (
      (state not in ('gone', 'seen') and media_removed_at is null)
      or (state = 'gone' and reason_code in ('erased', 'expired'))
  )
order by key collate "C", id
