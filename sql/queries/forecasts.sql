select id, source, bucket, prefixes, first_at, last_at, by_date, made_at, actor, files, audio_s, wall_s, cpu_s, gpu_s,
       finish_s, prices, made_from
from forecast
where (%(source)s::text is null or source = %(source)s) and (%(id)s::bigint is null or id = %(id)s)
order by id desc
limit %(limit)s
