//! Lists containers with bollard.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), bollard::errors::Error> {
    let client = bollard::Docker::connect_with_unix_defaults()?.negotiate_version().await?;
    for container in client.list_containers(None::<bollard::query_parameters::ListContainersOptions>).await? {
        println!("{:?} {:?}", container.id, container.names);
    }
    Ok(())
}
