-- Other objects with one of these audios.
select id, bucket, key, state from media_object
where audio_sha256 = any (%(audios)s) and id <> all (%(objects)s)
order by id
