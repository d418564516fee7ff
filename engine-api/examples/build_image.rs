//! Builds an image from the files in a folder, with a bar that shows which step it is at:
//!
//! ```sh
//! cargo run -p engine-api --example build_image -- FOLDER NAME:TAG
//! ```

use std::path::{Path, PathBuf};
use std::time::Duration;

use engine_api::{BuildEvent, Client, Deadline, Endpoint, ImageBuildOptions, TarEntry, TarStream};
use indicatif::{ProgressBar, ProgressStyle};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(tag)) = (arguments.next(), arguments.next()) else {
        return Err("usage: build_image FOLDER NAME:TAG".into());
    };
    let client = Client::new(Endpoint::from_env()?);
    let options = ImageBuildOptions { tags: vec![tag.clone()], ..ImageBuildOptions::default() };
    let deadline = Deadline::after(Duration::from_secs(3600));
    // Files are read while they are sent.
    let context = TarStream::from_entries(files(Path::new(&folder), Path::new(""))?);
    let mut build = client.image_build(&options, context, deadline).await?;

    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("[{bar:20}] {pos}/{len} {msg}")?);
    while let Some(event) = build.next().await? {
        match event {
            BuildEvent::Step { number, total, instruction } => {
                bar.set_length(total.into());
                bar.set_position(number.into());
                bar.set_message(instruction);
            }
            BuildEvent::Output(text) => bar.println(text.trim_end()),
            BuildEvent::Status { id, status, current, total } => {
                let (id, current, total) = (id.unwrap_or_default(), current.unwrap_or(0), total.unwrap_or(0));
                bar.set_message(format!("{id} {status} {current}/{total}"));
            }
            BuildEvent::ImageId(id) => bar.finish_with_message(format!("{tag} is {id}")),
            _ => {}
        }
    }
    Ok(())
}

/// All regular files in a folder, by their paths inside of it.
fn files(folder: &Path, inside: &Path) -> Result<Vec<TarEntry>> {
    let mut entries = Vec::new();
    let mut found: Vec<_> = std::fs::read_dir(folder.join(inside))?.collect::<std::result::Result<_, _>>()?;
    found.sort_by_key(|entry| entry.file_name());
    for entry in found {
        let path: PathBuf = inside.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            entries.extend(files(folder, &path)?);
        } else if kind.is_file() {
            entries.push(TarEntry::file(&path, folder.join(&path), 0o644));
        }
    }
    Ok(entries)
}
