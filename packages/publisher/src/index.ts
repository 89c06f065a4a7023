export { PublishError } from "./publish-error.ts";
export {
  type ChannelPublisher,
  createChannelPublisher,
  createPublisher,
  type Message,
  type Publisher,
  type PublisherOptions,
  type RecordChange,
} from "./publisher.ts";
