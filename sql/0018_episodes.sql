-- An erased episode is known by the address of its file too, as a hash: a feed that changes its guids must not bring it back.

alter table episode add column address_sha256 text check (address_sha256 ~ '^[0-9a-f]{64}$');
comment on column episode.address_sha256 is 'Hash of the address. It stays after an erasure, as the hash of the guid does.';
update episode set address_sha256 = encode(sha256(convert_to(address, 'UTF8')), 'hex') where address is not null;

create function hash_episode_address() returns trigger language plpgsql as $$
begin
    if new.address is not null then
        new.address_sha256 := encode(sha256(convert_to(new.address, 'UTF8')), 'hex');
    end if;
    return new;
end $$;
create trigger episode_address before insert or update of address on episode
    for each row execute function hash_episode_address();
