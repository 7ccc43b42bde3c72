//! Tells the stories, by real commands in the order of time.

use anyhow::Context as _;
use jiff::Timestamp;
use motcua_dossiers::command::{DocumentContent, DocumentInput};
use motcua_engine::Request;
use motcua_procedures::Channel;
use motcua_store::contract::DossierKey;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::DemoClock;
use super::days::{Days, Start};
use super::filing::scan;
use super::people::{caller, citizen};
use super::stories::{Story, all};
use super::turns::{Scene, Turn};
use crate::serve::LocalEngine;

/// Drafts that citizens have begun, in minutes before now.
const DRAFTS: [u32; 2] = [190, 26];

/// Something that happens at an instant.
struct Happening<'a> {
    at: Timestamp,
    story: &'a Story,
    turn: Turn,
    place: usize,
}

/// Tells everything that is past; answers how many dossiers there are.
pub(super) async fn tell(
    engine: &LocalEngine,
    clock: &DemoClock,
    days: &Days,
) -> anyhow::Result<usize> {
    let stories = all();
    let mut happenings: Vec<Happening<'_>> =
        stories.iter().flat_map(|story| timeline(story, days)).collect();
    happenings.sort_by_key(|happening| (happening.at, happening.story.number, happening.place));
    let mut dossiers = 0;
    for happening in &happenings {
        clock.set(happening.at);
        dossiers += usize::from(happening.turn == Turn::Submit);
        happen(engine, days, happening).await.with_context(|| {
            format!("the demonstration, dossier {}, {:?}", happening.story.number, happening.turn)
        })?;
    }
    for (number, ago) in DRAFTS.into_iter().enumerate() {
        let Some(at) = days.instant(Start::Ago(ago), 0) else {
            continue;
        };
        clock.set(at);
        save_draft(engine, at, number).await?;
    }
    Ok(dossiers)
}

/// What happens in a story until now.
fn timeline<'a>(story: &'a Story, days: &Days) -> Vec<Happening<'a>> {
    let mut minutes = 0;
    let mut happenings = Vec::with_capacity(story.turns.len());
    for (place, turn) in story.turns.iter().enumerate() {
        if let Turn::Wait(more) = turn {
            minutes += more;
            continue;
        }
        let Some(at) = days.instant(story.start, minutes) else {
            break;
        };
        happenings.push(Happening { at, story, turn: *turn, place });
        minutes += story.gap;
    }
    happenings
}

/// Id of the story's dossier: a UUIDv7 of its submission, the same each time it is told.
pub(super) fn dossier_id(story: &Story, days: &Days) -> Option<Uuid> {
    let at = days.instant(story.start, 0)?;
    Some(id_at(at, &format!("dossier {}", story.number)))
}

fn id_at(at: Timestamp, name: &str) -> Uuid {
    let mut random = [0; 10];
    random.copy_from_slice(&Sha256::digest(format!("{at} {name}").as_bytes())[..10]);
    let millis = u64::try_from(at.as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

async fn happen(
    engine: &LocalEngine,
    days: &Days,
    happening: &Happening<'_>,
) -> anyhow::Result<()> {
    let Happening { at, story, turn, place } = happening;
    let id = dossier_id(story, days).context("a story that happened has begun")?;
    let mark = id.simple().to_string().split_off(24);
    let scene = Scene { filing: &story.filing, days, at: *at, mark: &mark };
    let online = story.filing.channel == Channel::Online;
    let uploads = match turn {
        Turn::Submit if online => upload_all(engine, &scene, *at).await?,
        _ => Vec::new(),
    };
    for (part, order) in scene.orders(*turn, uploads)?.into_iter().enumerate() {
        let request = Request {
            dossier: DossierKey::Id(id),
            command_id: id_at(*at, &format!("command {} {place} {part}", story.number)),
            expected: None,
            actor: order.actor,
            command: order.command,
        };
        engine.execute(request).await?;
    }
    Ok(())
}

async fn upload_all(
    engine: &LocalEngine,
    scene: &Scene<'_>,
    at: Timestamp,
) -> anyhow::Result<Vec<DocumentInput>> {
    let owner = caller(&scene.applicant());
    let mut documents = Vec::new();
    for requirement in scene.filing.kind.uploads() {
        let bytes = scan(scene.filing, requirement);
        let id = id_at(at, &format!("upload {} {requirement}", scene.filing.citizen));
        let sha256: String =
            Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let (size, media) = (bytes.len() as u64, "application/pdf");
        engine.begin_upload(&owner, id, media, size).await?;
        engine.put_chunk(&owner, id, 0, bytes).await?;
        engine.finish_upload(&owner, id, &sha256).await?;
        let content = DocumentContent::Upload { sha256, size, media: media.into(), signed: false };
        documents.push(DocumentInput { requirement: (*requirement).into(), content });
    }
    Ok(documents)
}

async fn save_draft(engine: &LocalEngine, at: Timestamp, number: usize) -> anyhow::Result<()> {
    let owner = caller(&citizen(number * 2));
    let id = id_at(at, &format!("draft {number}"));
    let body = json!({ "procedure": "1.001193", "form": { "child_name": "Trần Minh Khang" } });
    engine.save_draft(&owner, id, 0, body.to_string()).await.context("a draft")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use motcua_deadlines::Calendar;

    use super::*;

    fn days(base: &str) -> Days {
        let calendar = include_bytes!("../../../deadlines/data/calendar-vn.json");
        let calendar = Calendar::from_json(calendar).expect("a calendar");
        Days::before(base.parse().expect("an instant"), &calendar).expect("days")
    }

    #[test]
    fn every_story_begins_and_none_reaches_into_the_future() {
        let base = "2026-11-24T09:00:00+07:00";
        let days = days(base);
        let base: Timestamp = base.parse().expect("an instant");
        for story in all() {
            let timeline = timeline(&story, &days);
            assert_eq!(timeline.first().map(|h| h.turn), Some(Turn::Submit), "{}", story.number);
            assert!(timeline.iter().all(|h| h.at < base));
            assert!(timeline.is_sorted_by_key(|h| h.at));
        }
    }

    #[test]
    fn telling_it_again_uses_the_same_ids() {
        let days = days("2026-11-24T09:00:00+07:00");
        let story = &all()[3];
        let id = dossier_id(story, &days).expect("begun");
        assert_eq!(dossier_id(story, &days), Some(id));
        assert_eq!(id.get_version_num(), 7);
    }

    #[test]
    fn orders_name_the_command_of_their_turn() {
        let days = days("2026-11-24T09:00:00+07:00");
        let story = &all()[0];
        let at = days.instant(story.start, 0).expect("begun");
        let scene = Scene { filing: &story.filing, days: &days, at, mark: "x" };
        let orders = scene.orders(Turn::Submit, Vec::new()).expect("orders");
        assert!(matches!(orders[0].command, motcua_dossiers::command::Command::Submit(_)));
    }
}
