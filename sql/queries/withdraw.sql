-- Once, and only where something was to be published: its publisher may have been killed half-way, so also if it never was.
insert into publication (kind, audio_sha256)
select 'withdraw', %(audio_sha256)s
where (select kind from publication where audio_sha256 = %(audio_sha256)s order by id desc limit 1) = 'publish'
