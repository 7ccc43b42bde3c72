//! TLS to the database: who the server is decides whether it is talked to.

use std::path::{Path, PathBuf};
use std::process::Command;

use motcua_store::StoreError;
use motcua_store::contract::Store as _;
use motcua_store_sql::{Options, SqlStore};
use motcua_test_cluster::{Cluster, command};
use tempfile::TempDir;
use tokio::task::block_in_place;

use super::{connection, execute};

/// What a certificate of the server must say.
const OF_A_SERVER: &str = "subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\n";

/// An authority that nobody knows but whoever has its certificate.
struct Authority {
    folder: TempDir,
}

impl Authority {
    fn new(name: &str) -> Self {
        let authority = Self { folder: tempfile::tempdir().expect("a folder") };
        let (key, certificate) = (authority.path("ca.key"), authority.certificate());
        let mut make = openssl(&["req", "-x509", "-newkey", "ec", "-pkeyopt"]);
        make.args(["ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj"]).arg(name);
        make.args(["-addext", "basicConstraints=critical,CA:TRUE"]);
        run(make.arg("-keyout").arg(key).arg("-out").arg(certificate));
        authority
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What those who trust it are given.
    fn certificate(&self) -> PathBuf {
        self.path("ca.crt")
    }

    /// Gives a server, which runs, a certificate as `localhost`.
    fn certify(&self, cluster: &Cluster) {
        let (key, request, certificate) =
            (self.path("server.key"), self.path("server.csr"), self.path("server.crt"));
        let mut ask = openssl(&["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        ask.args(["-nodes", "-subj", "/CN=A server", "-keyout"]).arg(&key);
        run(ask.arg("-out").arg(&request));
        std::fs::write(self.path("server.ext"), OF_A_SERVER).expect("written");
        let mut sign = openssl(&["x509", "-req", "-days", "2", "-CAcreateserial", "-in"]);
        sign.arg(&request).arg("-CA").arg(self.certificate()).arg("-CAkey");
        sign.arg(self.path("ca.key")).arg("-extfile").arg(self.path("server.ext"));
        run(sign.arg("-out").arg(&certificate));
        // The server refuses a key that is not its own user's alone.
        for (from, name) in [(key, "server.key"), (certificate, "server.crt")] {
            let mut keep = command(Path::new("/bin/sh"));
            keep.args(["-c", "umask 077; cat >\"$0\""]).arg(cluster.data().join(name));
            run(keep.stdin(std::fs::File::open(from).expect("just made")));
        }
        cluster.set("ssl = on");
    }
}

fn openssl(arguments: &[&str]) -> Command {
    let mut openssl = Command::new("openssl");
    openssl.args(arguments);
    openssl
}

fn run(command: &mut Command) {
    let done = command.output().expect("the tests need the program openssl: install it");
    let text = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {text}");
}

async fn connected(url: &str, mode: &str, authority: &Authority) -> Result<SqlStore, StoreError> {
    let root = authority.certificate();
    let url = format!("{url}?sslmode={mode}&sslrootcert={}", root.display());
    SqlStore::connect(&url, Options::default()).await
}

/// What was refused, with the reason.
async fn refused(url: &str, authority: &Authority) -> String {
    let opened = connected(url, "verify-full", authority).await;
    let refused = opened.expect_err("this server is not to be trusted");
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    refused.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_talked_to_only_by_the_name_and_the_authority_that_it_should_have() {
    let cluster = block_in_place(|| Cluster::start_on_loopback(&[]));
    let database = block_in_place(|| cluster.database());
    let url = cluster.over_loopback(&database, "localhost");
    let (ours, another) =
        block_in_place(|| (Authority::new("/CN=Ours"), Authority::new("/CN=Another")));
    let plain = refused(&url, &ours).await;
    assert!(plain.contains("server does not support TLS"), "{plain}");

    block_in_place(|| ours.certify(&cluster));
    let store = connected(&url, "verify-full", &ours).await.expect("a store");
    assert_eq!(store.setting("a", "b").await, Ok("b".into()));
    assert_eq!(store.find_setting("a").await, Ok(Some("b".into())));
    let hidden = "SELECT 1 FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
        WHERE application_name = 'motcua' AND ssl";
    let open = "SELECT 1 FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
        WHERE application_name = 'motcua' AND NOT ssl";
    let mut beside = connection(&database).await;
    assert_eq!(execute(&mut beside, hidden).await, Ok(2));
    assert_eq!(execute(&mut beside, open).await, Ok(0));
    store.close().await;

    let untrusted = refused(&url, &another).await;
    assert!(untrusted.contains("UnknownIssuer"), "{untrusted}");
    let misnamed = refused(&cluster.over_loopback(&database, "127.0.0.1"), &ours).await;
    assert!(misnamed.contains("not valid for name \"127.0.0.1\""), "{misnamed}");
    // Whoever asks for less does not look at the name.
    let unnamed = cluster.over_loopback(&database, "127.0.0.1");
    connected(&unnamed, "verify-ca", &ours).await.expect("a store").close().await;
}
