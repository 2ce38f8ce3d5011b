-- Makes the roles of an installation that separates who may do what with the audit trail, for servers on which the role
-- that runs `ashlar migrate up` may not make roles. Run it as an administrator, in the database, after `ashlar migrate up`;
-- running it again does no harm. See docs/audit.md, "Roles on PostgreSQL".
--
--     psql "$DATABASE" -v ON_ERROR_STOP=1 -f deploy/postgres/roles.sql

SELECT ashlar_grant_roles();

-- Then, once, with names and passwords of your own:
--
--     CREATE ROLE web LOGIN PASSWORD '…' IN ROLE ashlar_app;                     -- ashlar serve
--     CREATE ROLE worker LOGIN PASSWORD '…' IN ROLE ashlar_app, ashlar_sealer, ashlar_privacy;   -- ashlar worker
--     CREATE ROLE deploy LOGIN PASSWORD '…' IN ROLE ashlar_owner;                -- ashlar migrate up
