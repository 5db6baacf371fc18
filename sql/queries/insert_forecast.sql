insert into forecast (
    source, bucket, prefixes, first_at, last_at, by_date, made_at, files, audio_s, wall_s, cpu_s, gpu_s, finish_s,
    prices, made_from
)
values (
    %(source)s, %(bucket)s, %(prefixes)s::text[], %(first_at)s, %(last_at)s, %(by_date)s, %(made_at)s, %(files)s,
    %(audio_s)s, %(wall_s)s, %(cpu_s)s, %(gpu_s)s, %(finish_s)s, %(prices)s, %(made_from)s
)
returning id
