-- Recordings and batches get the new name, and what was published under the old one is published again.
with moved as (
    update media_object set source = %(new)s where source = %(old)s returning id
), batches as (
    update batch set source = %(new)s where source = %(old)s
), published as (
    insert into publication (transcript_id, audio_sha256)
    select t.id, r.audio_sha256
    from moved m
    join recording r on r.primary_object_id = m.id
    join transcript t on t.audio_sha256 = r.audio_sha256 and t.is_current
)
select count(*) from moved
