//! The instrument: it measures for as long as it was told, says so in JSON, and ends by itself.

use motcua_test_cluster::Cluster;
use motcua_tests::process::{Ended, Service, motcua, run};

fn bench(line: &str) -> Ended {
    run(&mut motcua(["bench", "--json"].into_iter().chain(line.split(' '))))
}

#[test]
fn a_second_of_lives_is_measured_and_stands_in_the_histories() {
    let line = "--callers 4 --rate 20 --seconds 1 --runs 2 --preload 20 --verify -- --log error";
    let json = bench(line).with(0).json();
    assert_eq!(json["preload"]["dossiers"], 20);
    assert_eq!(json["levels"][0]["mix"], "lives");
    let transitions = json["preload"]["transitions"].as_u64().expect("a number");
    assert_eq!(transitions, 16 + 2 * 5 + 2 * 10, "filed, with a specialist, delivered");

    let [closed, open] = &json["levels"].as_array().expect("levels")[..] else {
        panic!("two levels: {json}");
    };
    assert_eq!((&closed["loop"], &closed["callers"]), (&"closed".into(), &4.into()));
    assert_eq!((&open["loop"], &open["rate"]), (&"open".into(), &20.into()));
    assert_eq!(open["median"]["transitions"], 20.0, "as many as were due");
    for level in [closed, open] {
        assert_eq!(level["runs"].as_array().map(Vec::len), Some(2));
        let median = &level["median"];
        assert_eq!((&median["refused"], &median["unsent"]), (&0.0.into(), &0.0.into()));
        for figure in ["transitions_per_second", "p50_ms", "p99_ms", "peak_resident_bytes"] {
            assert!(median[figure].as_f64() > Some(0.0), "{figure}: {median}");
        }
    }

    let measured = closed["runs"].as_array().into_iter().flatten();
    let measured = measured.filter_map(|run| run["transitions"].as_f64()).sum::<f64>();
    let acknowledged = json["ledger"]["commands"].as_f64().expect("a ledger");
    assert_eq!(acknowledged, transitions as f64 + measured + 40.0);
    for fault in ["lost", "twice", "misplaced", "strange", "unequal"] {
        assert_eq!(json["ledger"][fault], 0, "{fault}");
    }
}

#[test]
fn every_mix_is_carried_out_without_a_refusal() {
    for (mix, operations) in [
        ("hot-office", ["submit", "decide"]),
        ("one-dossier", ["assign", "assign"]),
        ("reads", ["get_dossier", "history"]),
        ("worklists", ["first_page", "deep_page"]),
    ] {
        let line = format!("--mix {mix} --callers 2 --seconds 1 --preload 30 --verify");
        let json = bench(&line).with(0).json();
        let run = &json["levels"][0]["runs"][0];
        assert_eq!(run["refusals"], serde_json::json!({}), "{mix}");
        for operation in operations {
            assert!(run["operations"][operation]["count"].as_u64() > Some(0), "{mix}: {run}");
        }
    }
}

#[test]
fn nodes_that_are_killed_under_load_lose_nothing_and_do_nothing_twice() {
    let line =
        "--nodes 2 --kill-every 2 --callers 8 --seconds 5 --verify -- --log error --database";
    let url = Cluster::shared().database();
    let json = bench(&format!("{line} {url}")).with(0).json();
    assert_eq!((&json["nodes"], &json["kill_every_seconds"]), (&2.into(), &2.into()));
    let run = &json["levels"][0]["runs"][0];
    assert!(run["kills"].as_f64() > Some(0.0), "{run}");
    assert!(run["longest_down_ms"].as_f64() > Some(0.0), "{run}");
    assert!(run["longest_silence_ms"].as_f64() > Some(0.0), "{run}");
    let acknowledged = json["ledger"]["commands"].as_f64();
    assert_eq!(acknowledged, run["transitions"].as_f64(), "all that was acknowledged is compared");
    for fault in ["lost", "twice", "misplaced", "strange", "unequal"] {
        assert_eq!(json["ledger"][fault], 0, "{fault}: {json}");
    }
}

#[test]
fn timers_that_come_due_together_and_one_by_one_fire_once_each() {
    let line = "--mix timers --preload 30 --callers 2 --seconds 1 --verify -- --log error";
    let json = bench(line).with(0).json();
    let timers = &json["timers"];
    for firings in [timers, &timers["one_by_one"]] {
        assert_eq!((&firings["missing"], &firings["twice"]), (&0.into(), &0.into()), "{timers}");
    }
    assert_eq!(timers["fired"], 30);
    assert_eq!(timers["one_by_one"]["count"], 30);
    let levels = json["levels"].as_array().expect("levels");
    let during: Vec<_> = levels.iter().map(|level| &level["during_timers"]).collect();
    assert_eq!(during, [false, true]);
}

#[test]
fn what_cannot_be_measured_is_refused_with_a_remedy() {
    bench("--mix reads").with(1).saying("--preload");
    bench("--callers 0").with(2).saying("1 to 8192");
    bench("--nodes 2").with(1).saying("--database");
    bench("--mix timers --preload 9 --callers 1,2").with(1).saying("one load");
}

#[test]
fn a_database_that_is_in_use_is_not_measured_on() {
    let url = Cluster::shared().database();
    let mut service = Service::bare(&["--database", &url]);
    service.stop();
    bench(&format!("--callers 1 --seconds 1 -- --database {url}")).with(1).saying("is in use");
}
