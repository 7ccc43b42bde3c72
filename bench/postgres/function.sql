\set step (:step + 1) % 10
\if :step = 0
\set life :life + 1
\endif
\set number :life * 1024 + :client_id
SELECT transition(:number, :step, :content);
