"""What people say to the robot (机器人接收消息), and the replies."""
