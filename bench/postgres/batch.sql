\set step (:step + 1) % 10
\if :step = 0
\set life :life + 1
\endif
\set first (:life * 1024 + :client_id) * 64
SELECT transitions(:first, :batch, :step, :content);
