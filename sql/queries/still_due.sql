-- Under the recording's lock: whether it is not published yet and no newer one exists.
select from publication p
where p.id = %(id)s
  and p.published_at is null
  and not exists (select from publication newer where newer.audio_sha256 = p.audio_sha256 and newer.id > p.id)
