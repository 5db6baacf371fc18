-- Publish the same transcript under another object, with its link, title and date.
insert into publication (transcript_id, audio_sha256)
select id, audio_sha256 from transcript where audio_sha256 = %(audio_sha256)s and is_current
