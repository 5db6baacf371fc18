-- Objects that are indexed but have no current transcript.
select o.id, o.bucket, o.key, o.etag, o.state, false as erased from media_object o
where o.state = 'indexed'
  and not exists (select from transcript t where t.audio_sha256 = o.audio_sha256 and t.is_current)
order by o.id
