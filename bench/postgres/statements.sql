\set step (:step + 1) % 10
\if :step = 0
\set life :life + 1
\endif
\set number :life * 1024 + :client_id
BEGIN;
\if :step = 0
INSERT INTO instance VALUES (instance_id(:number), 1, 'a step', :content);
\else
SELECT version AS seen FROM instance WHERE id = instance_id(:number) FOR UPDATE \gset
UPDATE instance SET version = version + 1, state = 'a step', body = :content
WHERE id = instance_id(:number) AND version = :seen;
\endif
INSERT INTO history (instance, version, payload) VALUES (instance_id(:number), :step + 1, :content);
INSERT INTO outbox (instance, version, body) VALUES (instance_id(:number), :step + 1, '{"step":"a step"}');
\if :step = 3
INSERT INTO timer VALUES (instance_id(:number), 1800000000000000 + :number);
\elif :step = 8
DELETE FROM timer WHERE instance = instance_id(:number);
\endif
COMMIT;
