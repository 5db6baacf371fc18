-- Once, and only if a publication exists, even an unfinished one, because its publisher may have been killed.
insert into publication (kind, audio_sha256)
select 'withdraw', %(audio_sha256)s
where (select kind from publication where audio_sha256 = %(audio_sha256)s order by id desc limit 1) = 'publish'
