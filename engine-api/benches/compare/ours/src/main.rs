//! Lists containers with engine-api.

use std::time::Duration;

use engine_api::{Client, ContainerListOptions, Deadline, Endpoint};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), engine_api::Error> {
    let client = Client::new(Endpoint::from_env()?);
    let deadline = Deadline::after(Duration::from_secs(10));
    for container in client.container_list(&ContainerListOptions::default(), deadline).await? {
        println!("{} {:?}", container.id, container.names);
    }
    Ok(())
}
