-- Sources with recordings or feeds that no Airflow configures now. An Airflow that is gone configures nothing.
select s.name, s.bucket, s.prefix, s.retired_at
from source s
where (s.renamed_to is null or exists (select from media_object o where o.source = s.name))
  and not exists (
      select from source_use u join airflow a on a.id = u.airflow_id
      where u.source = s.name and a.last_seen_at >= now() - make_interval(secs => %(silent_s)s)
  )
  and exists (select from source_use)  -- nothing is known before the first sweep
order by s.name
