select bucket, min(key collate "C"), max(key collate "C") from media_object
where (state not in ('gone', 'seen') and media_removed_at is null)
   or (state = 'gone' and reason_code in ('erased', 'expired'))
group by bucket
order by bucket
