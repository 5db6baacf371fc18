-- Every recording, and whether it was erased.
select r.audio_sha256,
       exists (select from media_object o where o.audio_sha256 = r.audio_sha256)
       and not exists (
           select from media_object o
           where o.audio_sha256 = r.audio_sha256
             and not (o.state = 'gone' and coalesce(o.reason_code, '') in ('erased', 'expired'))
       )
from recording r
order by r.audio_sha256 collate "C"
