-- Earlier audio of objects of a batch that now have other audio, because of other settings of normalize or another
-- reading of the clock. Only after the new transcript is published: until then the old one stays in the search.
select o.id, r.audio_sha256
from batch_item i
join media_object o on o.id = i.media_object_id and o.batch_id = i.batch_id
join recording r on r.primary_object_id = o.id and r.audio_sha256 <> o.audio_sha256
join transcript t on t.audio_sha256 = r.audio_sha256 and t.is_current
where i.batch_id = %(batch_id)s
  and (o.state in ('indexed', 'duplicate') or (o.state = 'in_review' and o.reason_code = 'review_assessment'))
order by r.audio_sha256
for no key update of r
