-- Open dossiers by the version of the procedure that they are bound to: who is moved by a migration.
CREATE INDEX dossier_by_procedure ON dossier (procedure_digest, id) WHERE NOT closed;
