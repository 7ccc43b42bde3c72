//! `motcua config`: every setting, its value, where it came from, what it means.

use clap::Args;
use serde_json::{Value, json};

use crate::Ending;
use crate::output::Output;
use crate::settings::{Flags, SETTINGS, Settings, shown, variable};
use crate::table::Table;

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    #[command(flatten)]
    flags: Flags,
}

/// Runs the command.
pub(crate) async fn run(arguments: ConfigArguments, output: &Output) -> anyhow::Result<Ending> {
    let settings = Settings::read(&arguments.flags)?;
    let parsed = settings.parse()?;
    let origin = parsed.folder.origin_in_force(parsed.store).await?;
    let rows: Vec<(String, &str)> = SETTINGS
        .iter()
        .map(|setting| match (setting.name, &origin) {
            ("origin", Some(origin)) => (origin.clone(), "database"),
            _ => {
                let (value, source) = settings.value(setting.name);
                (shown(setting.name, value), source.as_str())
            }
        })
        .collect();
    if output.json {
        let value = |(setting, (value, source)): (&crate::settings::Setting, &(String, &str))| {
            let rest = json!({ "value": value, "source": source, "default": setting.default,
                "environment": variable(setting.name), "meaning": setting.meaning });
            (setting.name.to_owned(), rest)
        };
        let all = SETTINGS.iter().zip(&rows).map(value).collect();
        output.value(&Value::Object(all))?;
        return Ok(Ending::Well);
    }
    let mut table = Table::new(&["SETTING", "VALUE", "FROM", "MEANING"]);
    for (setting, (value, source)) in SETTINGS.iter().zip(rows) {
        table.row([setting.name.into(), value, source.into(), setting.meaning.into()]);
    }
    output.table(&table)?;
    output.note(
        "Set one by the environment (MOTCUA_ and its name in capitals) or in the TOML file that \
         --config names (name = value).",
    );
    Ok(Ending::Well)
}
